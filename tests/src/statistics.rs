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
}
