//! Logarithm, exponential and the normal distribution's quantiles from the four basic operations and the square root
//! alone. IEEE 754 fixes those to the last bit; `f64::ln` and its kin differ between platforms, and a latency that
//! differs in the last bit is another run. Used only while a scenario is read.

const LN_2: f64 = std::f64::consts::LN_2;

/// The natural logarithm of a positive, finite number; the relative error is below 1e-14.
pub(crate) fn ln(x: f64) -> f64 {
    debug_assert!(x > 0.0 && x.is_finite());
    // x = m * 2^e with m in [sqrt(1/2), sqrt(2)), then ln m = 2 artanh((m-1)/(m+1)).
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) & 0x7ff) as i64 - 1023;
    let mut mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | (1023 << 52));
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    let z = (mantissa - 1.0) / (mantissa + 1.0);
    let square = z * z;
    let (mut term, mut sum) = (z, 0.0);
    for k in 0..16 {
        sum += term / f64::from(2 * k + 1);
        term *= square;
    }
    2.0 * sum + exponent as f64 * LN_2
}

/// The exponential of a number between -700 and 700; the relative error is below 1e-13.
pub(crate) fn exp(x: f64) -> f64 {
    debug_assert!(x.abs() <= 700.0);
    let halvings = (x / LN_2).round();
    let rest = x - halvings * LN_2;
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..20 {
        term *= rest / f64::from(k);
        sum += term;
    }
    sum * f64::from_bits(((halvings as i64 + 1023) as u64) << 52)
}

/// The upper tail of the standard normal distribution, P(Z > z) for z >= 0, by Laplace's continued fraction far out and
/// by the series of the density's integral near zero.
fn upper_tail(z: f64) -> f64 {
    let density = exp(-z * z / 2.0) / (2.0 * std::f64::consts::PI).sqrt();
    if z < 3.0 {
        let (mut term, mut sum, mut k) = (z, z, 1.0);
        while term > 1e-18 {
            k += 2.0;
            term *= z * z / k;
            sum += term;
        }
        0.5 - density * sum
    } else {
        let mut fraction = z;
        for k in (1..=120).rev() {
            fraction = z + f64::from(k) / fraction;
        }
        density / fraction
    }
}

/// The standard normal distribution's quantile for a probability strictly between 0 and 1, by Newton's method on the
/// tail; the absolute error is below 1e-9.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    debug_assert!(p > 0.0 && p < 1.0);
    let tail = if p < 0.5 { p } else { 1.0 - p };
    // A start on the near side: the tail's logarithm is close to -z^2/2 far out. Newton from there does not overshoot
    // below zero, and a step is halved where it would.
    let mut z = if tail > 0.25 { 0.0 } else { (-2.0 * ln(2.0 * tail)).sqrt() * 0.8 };
    for _ in 0..60 {
        let density = exp(-z * z / 2.0) / (2.0 * std::f64::consts::PI).sqrt();
        let step = (upper_tail(z) - tail) / density;
        let next = z + step;
        z = if next < 0.0 { z / 2.0 } else { next };
        if step.abs() < 1e-13 {
            break;
        }
    }
    if p < 0.5 { -z } else { z }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_and_exponential_agree_with_the_platforms() {
        for x in [1e-300, 1e-9, 0.1, 0.5, 0.999_999, 1.0, 1.5, 2.0, 10.0, 12_345.678, 1e300] {
            assert!((ln(x) - x.ln()).abs() <= 1e-13 * x.ln().abs().max(1.0), "ln {x}");
        }
        for x in [-650.0, -20.5, -1.0, -1e-9, 0.0, 0.3, 1.0, 7.7, 100.0, 650.0] {
            assert!((exp(x) / f64::exp(x) - 1.0).abs() < 1e-13, "exp {x}");
        }
    }

    #[test]
    fn normal_quantiles_are_those_of_the_tables() {
        for (p, z) in [
            (0.5, 0.0),
            (0.75, 0.674_489_750_196),
            (0.975, 1.959_963_984_540),
            (0.99, 2.326_347_874_041),
            (0.999, 3.090_232_306_168),
            (0.999_999, 4.753_424_308_823),
        ] {
            assert!((normal_quantile(p) - z).abs() < 1e-9, "p = {p}: {}", normal_quantile(p));
            assert!((normal_quantile(1.0 - p) + z).abs() < 1e-7, "p = {}", 1.0 - p);
        }
    }
}
