//! The flags of how long predictions are kept.

use clap::Args as ClapArgs;
use tidemark_log::{Millis, Policy, Retention};

const KEEPING: &str = "Keeping";

/// What `serve` and `demo` can be told about the log. Everything is kept unless they are.
#[derive(ClapArgs)]
pub(in super::super) struct KeepArgs {
    /// Delete predictions this many days after they came; for ever if not given. What goes, goes by whole segments
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500), help_heading = KEEPING)]
    retain_days: Option<u32>,
    /// Delete the oldest predictions once those of one model take more than this, such as 500MB or 20GiB; any size if not
    /// given. A shadow version's predictions and a model's labels have the same again
    #[arg(long, value_name = "SIZE", value_parser = parse_size, help_heading = KEEPING)]
    retain_size: Option<u64>,
    /// Delete reports, and the runs and alerts of that time, this many days after they were made; for ever if not given. What
    /// is shared stays
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500), help_heading = KEEPING)]
    retain_reports_days: Option<u32>,
}

const DAY: Millis = 86_400_000;

impl KeepArgs {
    /// What the log is to be kept like.
    pub(super) fn policy(&self) -> Policy {
        let max_age = self.retain_days.map(|days| Millis::from(days) * DAY);
        Policy { retention: Retention { max_age, max_bytes: self.retain_size }, ..Policy::default() }
    }

    /// How long reports are kept.
    pub(super) fn reports(&self) -> Option<Millis> {
        self.retain_reports_days.map(|days| Millis::from(days) * DAY)
    }
}

/// Units by their names, in bytes.
const UNITS: [(&str, u64); 9] = [
    ("KIB", 1 << 10),
    ("MIB", 1 << 20),
    ("GIB", 1 << 30),
    ("TIB", 1 << 40),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];

fn parse_size(text: &str) -> Result<u64, String> {
    let upper = text.trim().to_ascii_uppercase();
    let unit = UNITS.iter().find_map(|(name, bytes)| Some((upper.strip_suffix(name)?, *bytes)));
    let (number, bytes) = unit.unwrap_or((&upper, 1));
    let number: Option<u64> = number.trim().parse().ok();
    let size = number.and_then(|number| number.checked_mul(bytes)).filter(|size| *size > 0);
    size.ok_or_else(|| "a size is a whole number of bytes, or of kB, MB, GB, TB, KiB, MiB, GiB or TiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit_or_is_in_bytes() {
        assert_eq!(parse_size("500MB"), Ok(500_000_000));
        assert_eq!(parse_size("20 GiB"), Ok(20 << 30));
        assert_eq!(parse_size("1024"), Ok(1024));
        assert_eq!(parse_size("7b"), Ok(7));
        for wrong in ["", "GB", "-1", "1.5GB", "0", "20000000TiB", "5 bytes"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn everything_is_kept_unless_something_is_said() {
        let kept = KeepArgs { retain_days: None, retain_size: None, retain_reports_days: None };
        assert_eq!(kept.policy(), Policy::default());
        assert_eq!(Policy::default().retention, Retention { max_age: None, max_bytes: None });
        let week = KeepArgs { retain_days: Some(7), retain_size: Some(5), retain_reports_days: Some(1) };
        assert_eq!(week.reports(), Some(DAY));
        assert_eq!(week.policy().retention, Retention { max_age: Some(604_800_000), max_bytes: Some(5) });
    }
}
