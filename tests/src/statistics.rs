//! Exact tests for counts, and Holm's correction for many of them at once.

/// The natural logarithm of the factorial of every number up to `n`.
fn log_factorials(n: u64) -> Vec<f64> {
    let mut logs = vec![0.0];
    let mut sum = 0.0;
    for k in 1..=n {
        sum += (k as f64).ln();
        logs.push(sum);
    }
    logs
}

/// The two-sided p-value of seeing `k` of `n` when each happens with probability `p`: twice the smaller exact tail.
pub fn binomial_p_value(n: u64, k: u64, p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        let certain = if p <= 0.0 { 0 } else { n };
        return if k == certain { 1.0 } else { 0.0 };
    }
    let logs = log_factorials(n);
    let mass = |i: u64| {
        let choose = logs[n as usize] - logs[i as usize] - logs[(n - i) as usize];
        (choose + i as f64 * p.ln() + (n - i) as f64 * (-p).ln_1p()).exp()
    };
    let lower: f64 = (0..=k).map(mass).sum();
    let upper: f64 = (k..=n).map(mass).sum();
    (2.0 * lower.min(upper)).min(1.0)
}

/// Which of a family of hypotheses Holm's step-down procedure rejects, at this family-wise error rate.
pub fn holm(p_values: &[f64], error_rate: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut rejected = vec![false; p_values.len()];
    for (rank, index) in order.into_iter().enumerate() {
        if p_values[index] > error_rate / (p_values.len() - rank) as f64 {
            break;
        }
        rejected[index] = true;
    }
    rejected
}

/// P(Bin(n, p) >= k).
pub fn binomial_tail(n: u64, p: f64, k: u64) -> f64 {
    let logs = log_factorials(n);
    (k..=n)
        .map(|i| {
            let choose = logs[n as usize] - logs[i as usize] - logs[(n - i) as usize];
            choose.exp() * p.powi(i as i32) * (1.0 - p).powi((n - i) as i32)
        })
        .sum()
}

/// The p-value of two samples of one size being of one distribution, by the largest distance of their empirical distributions
/// (Kolmogorov and Smirnov): the exact law, by the principle of reflection. Ties make it larger, not smaller.
///
/// # Panics
/// If the samples differ in size, or are empty.
pub fn two_sample_p_value(one: &[u64], other: &[u64]) -> f64 {
    assert!(!one.is_empty() && one.len() == other.len(), "both samples have as many values");
    let sorted = |sample: &[u64]| {
        let mut sample = sample.to_vec();
        sample.sort_unstable();
        sample
    };
    let (one, other) = (sorted(one), sorted(other));
    let (mut i, mut j, mut distance) = (0, 0, 0);
    while i < one.len() && j < other.len() {
        let value = one[i].min(other[j]);
        i += one[i..].iter().take_while(|it| **it == value).count();
        j += other[j..].iter().take_while(|it| **it == value).count();
        distance = distance.max(i.abs_diff(j));
    }
    if distance == 0 {
        return 1.0;
    }
    // Of all ways of mixing the samples: those on which they come so far apart, by how often the sides change.
    let n = one.len();
    let logs = log_factorials(2 * n as u64);
    let ways = |steps: usize| logs[2 * n] - logs[n - steps] - logs[n + steps];
    let shares = (1..=n / distance).map(|times| (ways(times * distance) - ways(0)).exp());
    let signed = shares.enumerate().map(|(place, share)| if place % 2 == 0 { share } else { -share });
    (2.0 * signed.sum::<f64>()).clamp(0.0, 1.0)
}

/// The two-sided p-value of an event being equally likely in two samples, in which it came `k` of `n` and `l` of `m` times
/// (Fisher's exact test).
pub fn fisher_p_value((k, n): (u64, u64), (l, m): (u64, u64)) -> f64 {
    let logs = log_factorials(n + m);
    let choose = |n: u64, k: u64| logs[n as usize] - logs[k as usize] - logs[(n - k) as usize];
    let both = k + l;
    let mass = |i: u64| (choose(n, i) + choose(m, both - i) - choose(n + m, both)).exp();
    let seen = mass(k);
    // What is as unlikely as what was seen, but for rounding, counts as well.
    let tables = both.saturating_sub(m)..=both.min(n);
    tables.map(mass).filter(|mass| *mass <= seen * (1.0 + 1e-9)).sum::<f64>().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_values_are_exact_on_a_fair_coin() {
        assert!((binomial_p_value(10, 0, 0.5) - 2.0 / 1024.0).abs() < 1e-12);
        assert!((binomial_p_value(10, 5, 0.5) - 1.0).abs() < 1e-12);
        assert!((binomial_tail(4, 0.1, 2) - 0.0523).abs() < 1e-12);
    }

    #[test]
    fn holm_stops_at_the_first_that_is_not_rejected() {
        assert_eq!(holm(&[0.001, 0.04, 0.02], 0.05), [true, true, true]);
        assert_eq!(holm(&[0.001, 0.04, 0.03], 0.05), [true, false, false]);
    }

    #[test]
    fn one_sample_is_told_from_another_by_its_distribution() {
        let sample: Vec<u64> = (0..500).collect();
        assert!((two_sample_p_value(&sample, &sample) - 1.0).abs() < 1e-12, "a sample and itself");
        let shifted = |by: u64| sample.iter().map(|value| value + by).collect::<Vec<_>>();
        // A distance of 0.086 at 500 and 500: the 5 % quantile of the table is 1.358 times the root of 2/500.
        let p = two_sample_p_value(&sample, &shifted(43));
        assert!((0.04..0.055).contains(&p), "{p}");
        assert!(two_sample_p_value(&sample, &shifted(100)) < 1e-8);
        assert!((two_sample_p_value(&[1, 1, 1], &[1, 1, 1]) - 1.0).abs() < 1e-12, "nothing but ties");
        // Of the 20 orders of three and three, 2 keep them apart, and 12 have two of one before any of the other somewhere.
        assert!((two_sample_p_value(&[1, 2, 3], &[4, 5, 6]) - 2.0 / 20.0).abs() < 1e-12);
        assert!((two_sample_p_value(&[1, 2, 4], &[3, 5, 6]) - 12.0 / 20.0).abs() < 1e-12);
    }

    #[test]
    fn fishers_test_is_that_of_the_lady_who_tastes_tea() {
        assert!((fisher_p_value((3, 4), (1, 4)) - 34.0 / 70.0).abs() < 1e-12);
        assert!((fisher_p_value((4, 4), (0, 4)) - 2.0 / 70.0).abs() < 1e-12);
        assert!((fisher_p_value((0, 500), (0, 500)) - 1.0).abs() < 1e-12, "nothing happened");
    }
}
