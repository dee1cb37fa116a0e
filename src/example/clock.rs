//! When payments are made: few at night, many by day.

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// Days a set of payments spans.
const N_DAYS: f64 = 2.0;

/// Seconds a set of payments spans.
pub const SPAN: f64 = N_DAYS * DAY;

/// Relative number of payments in each hour of the day.
const PER_HOUR: [f64; 24] = [
    3.8, 2.1, 1.6, 1.7, 1.1, 1.5, 2.0, 3.6, 5.1, 7.9, 8.3, 8.4, 7.7, 7.7, 8.3, 8.2, 8.2, 8.1, 8.5, 7.8, 8.4, 8.8, 7.6,
    5.5,
];

/// The whole second by which a `share` (0 to 1) of the payments of the span have been made.
pub fn time_of_share(share: f64) -> f64 {
    let total: f64 = PER_HOUR.iter().sum();
    let days = share * N_DAYS;
    let mut left = (days - days.floor()) * total;
    for (hour, &payments) in PER_HOUR.iter().enumerate() {
        if left < payments {
            return (days.floor() * DAY + (hour as f64 + left / payments) * 3600.0).floor();
        }
        left -= payments;
    }
    // Rounding may leave a trace after the last hour.
    ((days.floor() + 1.0) * DAY - 1.0).min(SPAN - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_run_through_two_days() {
        assert_eq!(time_of_share(0.0), 0.0);
        assert_eq!(time_of_share(0.5), DAY);
        assert!(time_of_share(1.0 - f64::EPSILON) < SPAN);
        let times: Vec<f64> = (0..1000).map(|step| time_of_share(f64::from(step) / 1000.0)).collect();
        assert!(times.is_sorted());
        // The first hour ends when its payments have been made, and the slowest hour takes the smallest share.
        let total: f64 = PER_HOUR.iter().sum();
        assert!(time_of_share(PER_HOUR[0] / total / N_DAYS * 0.999) < 3600.0);
        assert!(time_of_share(PER_HOUR[0] / total / N_DAYS * 1.001) >= 3600.0);
    }
}
