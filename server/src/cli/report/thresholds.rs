//! Thresholds of the nannyml profile, written as ranges: `jensen_shannon=..0.2`.

use clap::Args as ClapArgs;
use tidemark::judge::nannyml::{Method, OffsetFrom, Options, Statistic, Threshold};

/// Where the reference's chunks shall not set the thresholds, or otherwise than by three standard deviations.
#[derive(ClapArgs)]
#[command(next_help_heading = "The nannyml profile")]
pub(super) struct Thresholds {
    /// A method's or statistic's own limits, either of which may be left out: --chunk-threshold jensen_shannon=..0.2
    #[arg(long, value_name = "NAME=[LOW]..[HIGH]", value_parser = parse_constant)]
    chunk_threshold: Vec<(Measure, Threshold)>,
    /// Limits by standard deviations of the reference's chunks below and above their mean: --chunk-deviations wasserstein=..2
    #[arg(long, value_name = "NAME=[BELOW]..[ABOVE]", value_parser = parse_deviations)]
    chunk_deviations: Vec<(Measure, Threshold)>,
}

/// What a threshold is for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Measure {
    Method(Method),
    Statistic(Statistic),
}

impl Thresholds {
    pub(super) const fn are_given(&self) -> bool {
        !self.chunk_threshold.is_empty() || !self.chunk_deviations.is_empty()
    }

    /// Later flags go before earlier ones, and constants before standard deviations.
    pub(super) fn set(&self, options: &mut Options) {
        for (measure, threshold) in self.chunk_deviations.iter().chain(&self.chunk_threshold) {
            match measure {
                Measure::Method(method) => drop(options.thresholds.insert(*method, *threshold)),
                Measure::Statistic(statistic) => drop(options.statistic_thresholds.insert(*statistic, *threshold)),
            }
        }
    }
}

fn parse_constant(text: &str) -> Result<(Measure, Threshold), String> {
    let (measure, low, high) = parse_range(text)?;
    Ok((measure, Threshold::constant(low, high).map_err(|error| error.to_string())?))
}

fn parse_deviations(text: &str) -> Result<(Measure, Threshold), String> {
    let (measure, below, above) = parse_range(text)?;
    let threshold = Threshold::standard_deviations(below, above, OffsetFrom::Mean);
    Ok((measure, threshold.map_err(|error| error.to_string())?))
}

fn parse_range(text: &str) -> Result<(Measure, Option<f64>, Option<f64>), String> {
    const EXPECTED: &str = "expected NAME=LOW..HIGH, NAME=..HIGH or NAME=LOW..";
    let (name, range) = text.split_once('=').ok_or(EXPECTED)?;
    let (low, high) = range.split_once("..").ok_or(EXPECTED)?;
    let limit = |text: &str| match text {
        "" => Ok(None),
        text => match text.parse::<f64>() {
            Ok(limit) if limit.is_finite() => Ok(Some(limit)),
            _ => Err(format!("{text:?} is no finite number")),
        },
    };
    match (limit(low)?, limit(high)?) {
        (None, None) => Err(EXPECTED.to_owned()),
        (low, high) => Ok((parse_measure(name)?, low, high)),
    }
}

fn parse_measure(name: &str) -> Result<Measure, String> {
    // What chi-square says is decided by its p-value, upstream and here.
    let methods = || Method::ALL.into_iter().filter(|method| *method != Method::Chi2);
    let statistics =
        || Statistic::QUALITY.into_iter().chain(Statistic::SUMMARY).chain(std::iter::once(Statistic::RowsCount));
    let method = methods().find(|method| method.name() == name).map(Measure::Method);
    let found = method.or_else(|| statistics().find(|known| known.name() == name).map(Measure::Statistic));
    found.ok_or_else(|| {
        let names: Vec<&str> = methods().map(Method::name).chain(statistics().map(Statistic::name)).collect();
        format!("there is no threshold for {name:?}, but for {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_thresholds() {
        let (measure, threshold) = parse_constant("jensen_shannon=..0.2").unwrap();
        assert_eq!(measure, Measure::Method(Method::JensenShannon));
        assert_eq!(threshold, Threshold::Constant { lower: None, upper: Some(0.2) });
        let (measure, threshold) = parse_deviations("values_avg=2..2.5").unwrap();
        assert_eq!(measure, Measure::Statistic(Statistic::ValuesAvg));
        let expected = (Some(2.0), Some(2.5));
        assert!(matches!(threshold, Threshold::StandardDeviation { lower, upper, .. } if (lower, upper) == expected));
        assert_eq!(
            parse_constant("values_sum=-5..").unwrap().1,
            Threshold::Constant { lower: Some(-5.0), upper: None }
        );
    }

    #[test]
    fn what_is_no_threshold_is_said() {
        let said = |text: &str| parse_constant(text).unwrap_err();
        assert!(said("wasserstein").contains("NAME=LOW..HIGH"));
        assert!(said("wasserstein=..").contains("NAME=LOW..HIGH"));
        assert!(said("wasserstein=1..x").contains("\"x\" is no finite number"));
        assert!(said("wasserstein=2..1").contains("not below"));
        assert!(said("psi=..1").contains("jensen_shannon"));
        assert!(said("chi2=..1").contains("no threshold for \"chi2\""));
        assert!(parse_deviations("wasserstein=..-1").unwrap_err().contains("from 0 on"));
    }
}
