//! Chunks, for the nannyml profile.

use clap::Args as ClapArgs;
use tidemark::chunking::{Chunking, Incomplete, Period};
use tidemark::judge::Judge;
use tidemark::judge::nannyml::{Kind, Method, Options};

use super::thresholds::Thresholds;

/// How rows are split, and by which of NannyML's methods chunks are held against the reference.
#[derive(ClapArgs)]
#[command(next_help_heading = "The nannyml profile")]
pub(super) struct ChunkArgs {
    /// Split into chunks of so many rows; by default there are ten chunks
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u64).range(1..), group = "chunking")]
    chunk_size: Option<u64>,
    /// Split into so many chunks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), group = "chunking")]
    chunk_number: Option<u64>,
    /// Split by period: second, minute, hour, day, week, month, quarter or year, or pandas' letter for it
    #[arg(long, value_name = "PERIOD", value_parser = parse_period, group = "chunking", requires = "timestamp")]
    chunk_period: Option<Period>,
    /// What becomes of the rows that do not fill a chunk: keep, append or drop
    #[arg(long, value_name = "WHAT", value_parser = parse_incomplete, conflicts_with = "chunk_period")]
    incomplete: Option<Incomplete>,
    /// The column of timestamps: it orders the rows
    #[arg(long, value_name = "COLUMN")]
    timestamp: Option<String>,
    /// Methods for columns of numbers: jensen_shannon (the default), kolmogorov_smirnov, wasserstein, hellinger
    #[arg(long, value_name = "METHOD", value_parser = |name: &str| parse_method(name, Kind::Continuous))]
    continuous_method: Vec<Method>,
    /// Methods for all other columns: jensen_shannon (the default), chi2, l_infinity, hellinger
    #[arg(long, value_name = "METHOD", value_parser = |name: &str| parse_method(name, Kind::Categorical))]
    categorical_method: Vec<Method>,
    /// Look at each chunk's mean, standard deviation, median, sum and rows as well
    #[arg(long)]
    chunk_summary: bool,
    #[command(flatten)]
    thresholds: Thresholds,
}

impl ChunkArgs {
    /// The settings that the flags add up to; `None` where the profile does not lead and no flag asks for it.
    pub(super) fn options(&self, profile: Judge, drift_share: Option<f64>) -> Option<Options> {
        let incomplete = self.incomplete.unwrap_or_default();
        let chunking = match (self.chunk_size, self.chunk_number, self.chunk_period) {
            (Some(rows), ..) => Some(Chunking::Size { rows, incomplete }),
            (_, Some(chunks), _) => Some(Chunking::Number { chunks, incomplete }),
            (.., Some(period)) => Some(Chunking::Period { period }),
            _ => self.incomplete.map(|incomplete| Chunking::Number { chunks: 10, incomplete }),
        };
        let is_asked = chunking.is_some()
            || self.timestamp.is_some()
            || self.chunk_summary
            || self.thresholds.are_given()
            || !self.continuous_method.is_empty()
            || !self.categorical_method.is_empty();
        if !is_asked && profile != Judge::Nannyml {
            return None;
        }
        let mut options =
            Options { timestamp: self.timestamp.clone(), summary: self.chunk_summary, ..Options::default() };
        options.chunking = chunking.unwrap_or_default();
        options.drift_share = drift_share.unwrap_or(options.drift_share);
        if !self.continuous_method.is_empty() {
            options.continuous_methods.clone_from(&self.continuous_method);
        }
        if !self.categorical_method.is_empty() {
            options.categorical_methods.clone_from(&self.categorical_method);
        }
        self.thresholds.set(&mut options);
        Some(options)
    }
}

fn parse_period(name: &str) -> Result<Period, String> {
    let known = || Period::ALL.map(Period::name).join(", ");
    Period::from_name(name).ok_or_else(|| format!("the periods are {}", known()))
}

fn parse_incomplete(name: &str) -> Result<Incomplete, String> {
    let known = || Incomplete::ALL.map(Incomplete::name).join(", ");
    Incomplete::ALL.into_iter().find(|known| known.name() == name).ok_or_else(|| format!("there are {}", known()))
}

fn parse_method(name: &str, kind: Kind) -> Result<Method, String> {
    let known = || {
        let names = Method::ALL.into_iter().filter(|method| method.applies_to(kind)).map(Method::name);
        names.collect::<Vec<_>>().join(", ")
    };
    let method = Method::from_name(name).filter(|method| method.applies_to(kind));
    method.ok_or_else(|| format!("the methods for {} columns are {}", kind.name(), known()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use tidemark::judge::nannyml::Threshold;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        chunks: ChunkArgs,
    }

    fn options(flags: &str, profile: Judge) -> Option<Options> {
        let words = std::iter::once("test").chain(flags.split_whitespace());
        Command::try_parse_from(words).unwrap_or_else(|error| panic!("{error}")).chunks.options(profile, None)
    }

    #[test]
    fn no_flag_asks_for_nothing() {
        assert_eq!(options("", Judge::Calibrated), None);
        assert_eq!(options("", Judge::Nannyml), Some(Options::default()));
    }

    #[test]
    fn flags_add_up_to_settings() {
        let found = options("--chunk-period M --timestamp t --categorical-method chi2", Judge::Calibrated).unwrap();
        assert_eq!(found.chunking, Chunking::Period { period: Period::Month });
        assert_eq!(found.timestamp.as_deref(), Some("t"));
        assert_eq!(found.categorical_methods, [Method::Chi2]);
        let found = options("--chunk-size 50 --incomplete append", Judge::Nannyml).unwrap();
        assert_eq!(found.chunking, Chunking::Size { rows: 50, incomplete: Incomplete::Append });
    }

    #[test]
    fn a_threshold_asks_for_the_profile_and_a_constant_goes_before_deviations() {
        let flags = "--chunk-threshold jensen_shannon=..0.3 --chunk-deviations jensen_shannon=..2 --chunk-deviations values_avg=1..1";
        let found = options(flags, Judge::Calibrated).unwrap();
        assert_eq!(found.thresholds[&Method::JensenShannon], Threshold::Constant { lower: None, upper: Some(0.3) });
        assert_eq!(found.statistic_thresholds.len(), 1);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let refused = |flags: &str| Command::try_parse_from(["test"].into_iter().chain(flags.split(' '))).is_err();
        assert!(refused("--chunk-size 5 --chunk-number 5"));
        assert!(refused("--chunk-period M"));
        assert!(refused("--continuous-method chi2"));
        assert!(refused("--chunk-number 0"));
    }
}
