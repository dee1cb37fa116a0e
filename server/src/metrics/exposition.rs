//! Metrics as text: Prometheus' format 0.0.4, or OpenMetrics 1.0 for those who ask for it.

use std::fmt::Write;

use super::histogram::Exemplar;

/// The two formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `text/plain; version=0.0.4`.
    Prometheus,
    /// `application/openmetrics-text; version=1.0.0`, which has exemplars.
    OpenMetrics,
}

impl Format {
    /// The format that an `Accept` header asks for.
    pub fn accepted(accept: Option<&str>) -> Self {
        if accept.is_some_and(|accept| accept.contains("application/openmetrics-text")) {
            Self::OpenMetrics
        } else {
            Self::Prometheus
        }
    }

    /// Its media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// What a family's numbers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Goes up only. The name is given without `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
}

/// The text while it is written: a family, its samples, the next family.
pub struct Exposition {
    text: String,
    format: Format,
    name: String,
    kind: Kind,
}

impl Exposition {
    /// Nothing yet.
    pub const fn new(format: Format) -> Self {
        Self { text: String::new(), format, name: String::new(), kind: Kind::Gauge }
    }

    /// Begins a family.
    pub fn family(&mut self, name: &str, kind: Kind, help: &str) {
        name.clone_into(&mut self.name);
        self.kind = kind;
        let described = match (self.format, kind) {
            (Format::Prometheus, Kind::Counter) => format!("{name}_total"),
            _ => name.to_owned(),
        };
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.line(format_args!("# HELP {described} {help}\n# TYPE {described} {kind}"));
    }

    /// A number of the family.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: f64) {
        let suffix = if self.kind == Kind::Counter { "_total" } else { "" };
        self.suffixed(suffix, labels, value);
    }

    pub(super) fn suffixed(&mut self, suffix: &str, labels: &[(&str, &str)], value: f64) {
        let (name, labels) = (std::mem::take(&mut self.name), braces(labels));
        self.line(format_args!("{name}{suffix}{labels} {value}"));
        self.name = name;
    }

    pub(super) fn bucket(&mut self, labels: &[(&str, &str)], bound: &str, count: u64, exemplar: Option<&Exemplar>) {
        let labels: Vec<_> = labels.iter().copied().chain([("le", bound)]).collect();
        let exemplar = exemplar.filter(|_| self.format == Format::OpenMetrics).map_or_else(String::new, |exemplar| {
            let Exemplar { request_id, value, at } = exemplar;
            format!(" # {} {value} {at:.3}", braces(&[("request_id", request_id)]))
        });
        let (name, labels) = (std::mem::take(&mut self.name), braces(&labels));
        self.line(format_args!("{name}_bucket{labels} {count}{exemplar}"));
        self.name = name;
    }

    /// The whole text.
    pub fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.line(format_args!("# EOF"));
        }
        self.text
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.text, "{line}").expect("writing to memory does not fail");
    }
}

fn braces(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let pairs = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value)));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_named_as_each_format_wants() {
        let text = |format| {
            let mut to = Exposition::new(format);
            to.family("x", Kind::Counter, "X.");
            to.sample(&[], 2.0);
            to.finish()
        };
        assert_eq!(text(Format::Prometheus), "# HELP x_total X.\n# TYPE x_total counter\nx_total 2\n");
        assert_eq!(text(Format::OpenMetrics), "# HELP x X.\n# TYPE x counter\nx_total 2\n# EOF\n");
    }

    #[test]
    fn a_columns_name_cannot_break_out_of_its_label() {
        let mut to = Exposition::new(Format::Prometheus);
        to.family("x", Kind::Gauge, "X.");
        to.sample(&[("column", "a\"} 1\n\\b")], 0.5);
        assert!(to.finish().ends_with("\nx{column=\"a\\\"} 1\\n\\\\b\"} 0.5\n"));
    }

    #[test]
    fn openmetrics_is_for_those_who_ask() {
        let prometheus = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(Format::accepted(Some(prometheus)), Format::OpenMetrics);
        assert_eq!(Format::accepted(Some("*/*")), Format::Prometheus);
        assert_eq!(Format::accepted(None), Format::Prometheus);
    }
}
