//! What the address of a report page says: filter, order, judge and the open column. All of it can be bookmarked, sent
//! to someone, and followed without JavaScript.

use leptos_router::params::ParamsMap;
use tidemark::judge::{Judge, Verdict};
use tidemark::report::what_if::{MAX_BINS, WhatIf};
use tidemark::stattest::Method;

/// What an address says of the page and not of the report on it: which stretches of which log are compared.
const OF_PAGE: [&str; 5] = ["model", "reference", "current", "from", "to"];

/// The query part of a report's address.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReportQuery {
    /// What the address says of the page, which links within it keep.
    pub of_page: Vec<(&'static str, String)>,
    /// Only columns whose name contains this, in any case.
    pub text: String,
    /// Only columns of this verdict.
    pub verdict: Option<Verdict>,
    /// By what the table is sorted.
    pub sort: Sort,
    /// Whether the order is turned round.
    pub reversed: bool,
    /// Whose verdicts lead; the report's own judge when `None`.
    pub judge: Option<Judge>,
    /// Which page of a long table, from 1; the one with the open column, else the first, when `None`.
    pub page: Option<usize>,
    /// The column whose panel is open.
    pub column: Option<String>,
    /// Other settings that the open column is looked at by.
    pub what_if: WhatIf,
}

/// By what the table of columns is sorted. Each has the direction one wants first: see [`Sort::descends`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// The most pressing verdict first, then the largest effect.
    #[default]
    Urgency,
    /// By name.
    Name,
    /// By score: what speaks most for drift first.
    Score,
    /// The largest effect first.
    Effect,
    /// The largest change in missing values first.
    Missing,
}

impl Sort {
    /// Every order.
    pub const ALL: [Self; 5] = [Self::Urgency, Self::Name, Self::Score, Self::Effect, Self::Missing];

    /// The name in the address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Urgency => "verdict",
            Self::Name => "name",
            Self::Score => "score",
            Self::Effect => "effect",
            Self::Missing => "missing",
        }
    }

    /// Whether the unreversed order goes from large to small.
    pub const fn descends(self) -> bool {
        matches!(self, Self::Urgency | Self::Effect | Self::Missing)
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.name() == name)
    }
}

impl ReportQuery {
    /// Reads the query of an address. What it does not understand counts as not said.
    pub fn parse(params: &ParamsMap) -> Self {
        let verdict = params.get_str("verdict").and_then(|name| Verdict::ALL.into_iter().find(|v| v.name() == name));
        let judge = params.get_str("judge").and_then(|name| Judge::ALL.into_iter().find(|judge| judge.name() == name));
        Self {
            of_page: OF_PAGE.into_iter().filter_map(|name| Some((name, params.get(name)?))).collect(),
            text: params.get("q").unwrap_or_default(),
            verdict,
            sort: params.get_str("sort").and_then(Sort::from_name).unwrap_or_default(),
            reversed: params.get_str("order") == Some("reversed"),
            judge,
            page: params.get_str("page").and_then(|page| page.parse().ok()).filter(|page| *page > 0),
            column: params.get("column").filter(|name| !name.is_empty()),
            what_if: what_if(params),
        }
    }

    /// The parts that differ from a bare address, in a fixed order: names and values, not yet escaped.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = self.of_page.clone();
        if !self.text.is_empty() {
            pairs.push(("q", self.text.clone()));
        }
        if let Some(verdict) = self.verdict {
            pairs.push(("verdict", verdict.name().to_owned()));
        }
        if self.sort != Sort::default() {
            pairs.push(("sort", self.sort.name().to_owned()));
        }
        if self.reversed {
            pairs.push(("order", "reversed".to_owned()));
        }
        if let Some(judge) = self.judge {
            pairs.push(("judge", judge.name().to_owned()));
        }
        if let Some(page) = self.page {
            pairs.push(("page", page.to_string()));
        }
        if let Some(column) = &self.column {
            pairs.push(("column", column.clone()));
        }
        let what_if = &self.what_if;
        let method = what_if.method.map(|method| method.name().to_owned());
        let number = |number: Option<f64>| number.map(|number| number.to_string());
        let asked = [
            ("bins", what_if.bins.map(|bins| bins.to_string())),
            ("method", method),
            ("threshold", number(what_if.threshold)),
            ("minimum", number(what_if.minimum)),
            ("false_alarms", number(what_if.q)),
        ];
        pairs.extend(asked.into_iter().filter_map(|(name, value)| Some((name, value?))));
        pairs
    }

    /// The address, relative to the page it stands on.
    pub fn href(&self) -> String {
        let pairs = self.pairs().into_iter().map(|(name, value)| format!("{name}={}", escape(&value)));
        // A bare "" would mean "this very address, query included".
        format!("?{}", pairs.collect::<Vec<_>>().join("&"))
    }

    /// What decides which rows there are, and in which order.
    pub fn of_rows(&self) -> Self {
        let Self { text, verdict, sort, reversed, judge, .. } = self.clone();
        Self { text, verdict, sort, reversed, judge, ..Self::default() }
    }

    /// The same with another verdict to filter by.
    pub fn with_verdict(&self, verdict: Option<Verdict>) -> Self {
        Self { verdict, page: None, ..self.clone() }
    }

    /// The same with another text to filter by.
    pub fn with_text(&self, text: String) -> Self {
        Self { text, page: None, ..self.clone() }
    }

    /// The same with another judge leading.
    pub fn with_judge(&self, judge: Judge) -> Self {
        Self { judge: Some(judge), page: None, ..self.clone() }
    }

    /// The same on another page of the table.
    pub fn with_page(&self, page: usize) -> Self {
        Self { page: Some(page), ..self.clone() }
    }

    /// The same with the panel of another column open, on the page that it is on, or with none. What was asked about the one before is
    /// forgotten.
    pub fn with_column(&self, column: Option<&str>) -> Self {
        let page = self.page.filter(|_| column.is_none());
        Self { column: column.map(str::to_owned), what_if: WhatIf::default(), page, ..self.clone() }
    }

    /// The same with the open column looked at by other settings.
    pub fn with_what_if(&self, what_if: WhatIf) -> Self {
        Self { what_if, ..self.clone() }
    }

    /// The same sorted by `sort`; turned round when it already was sorted so.
    pub fn sorted_by(&self, sort: Sort) -> Self {
        Self { sort, reversed: self.sort == sort && !self.reversed, page: None, ..self.clone() }
    }

    /// The same without a filter.
    pub fn unfiltered(&self) -> Self {
        self.with_verdict(None).with_text(String::new())
    }
}

/// Settings that make no sense count as not said.
fn what_if(params: &ParamsMap) -> WhatIf {
    let number = |name, upper: f64| {
        let number = params.get_str(name)?.parse::<f64>().ok()?;
        (0.0..=upper).contains(&number).then_some(number)
    };
    WhatIf {
        bins: params.get_str("bins").and_then(|bins| bins.parse().ok()).filter(|bins| (2..=MAX_BINS).contains(bins)),
        method: params.get_str("method").and_then(Method::from_name),
        threshold: number("threshold", f64::MAX),
        minimum: number("minimum", f64::MAX),
        q: number("false_alarms", 1.0),
    }
}

/// Percent-encodes all but RFC 3986's unreserved characters. The router's own differs between server and browser.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gives_back_the_query_that_made_it() {
        let query = ReportQuery {
            of_page: vec![("model", "card fraud".to_owned()), ("current", "1-20".to_owned())],
            text: "amount & more".to_owned(),
            verdict: Some(Verdict::NotEnoughData),
            sort: Sort::Effect,
            reversed: true,
            judge: Some(Judge::Evidently),
            page: Some(3),
            column: Some("V4/é".to_owned()),
            what_if: WhatIf { bins: Some(12), method: Some(Method::Psi), minimum: Some(0.25), ..WhatIf::default() },
        };
        let params: ParamsMap = query.pairs().into_iter().collect();
        assert_eq!(ReportQuery::parse(&params), query);
        assert_eq!(
            query.href(),
            "?model=card%20fraud&current=1-20&q=amount%20%26%20more&verdict=not_enough_data&sort=effect&order=reversed&judge=evidently&page=3&column=V4%2F%C3%A9&bins=12&method=psi&minimum=0.25"
        );
        assert_eq!(query.with_column(Some("V5")).what_if, WhatIf::default(), "a question is about one column");
        assert_eq!(query.sorted_by(Sort::Name).page, None, "what is in another order begins with its first page");
    }

    #[test]
    fn nonsense_in_an_address_counts_as_not_said() {
        let nonsense = [
            ("verdict", "??"),
            ("sort", "colour"),
            ("page", "0"),
            ("column", ""),
            ("bins", "1"),
            ("method", "guess"),
            ("threshold", "NaN"),
            ("false_alarms", "2"),
        ];
        let params: ParamsMap = nonsense.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        assert_eq!(ReportQuery::parse(&params), ReportQuery::default());
        assert_eq!(ReportQuery::default().href(), "?");
    }

    #[test]
    fn sorting_twice_by_the_same_turns_the_order_round_and_a_third_time_back() {
        let once = ReportQuery::default().sorted_by(Sort::Name);
        let twice = once.sorted_by(Sort::Name);
        assert_eq!((once.reversed, twice.reversed, twice.sorted_by(Sort::Name).reversed), (false, true, false));
        assert!(!twice.sorted_by(Sort::Effect).reversed);
    }
}
