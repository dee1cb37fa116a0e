//! Where one can go: what the palette searches.

use serde::{Deserialize, Serialize};

/// A place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// What kind of place it is: "Report".
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub href: String,
}

impl Place {
    /// A place of a kind.
    pub fn new(kind: &str, name: impl Into<String>, href: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), name: name.into(), href: href.into() }
    }
}

/// The pages that are always there.
pub fn pages() -> Vec<Place> {
    [
        ("Overview", "/"),
        ("Models", "/models"),
        ("Monitors", "/monitors"),
        ("New monitor", "/new-monitor"),
        ("Reports", "/reports"),
        ("Compare two windows", "/windows"),
        ("Data quality", "/quality"),
        ("Performance", "/performance"),
        ("Detectors", "/detectors"),
        ("Alerts", "/alerts"),
        ("Share links", "/shares"),
        ("Keys", "/keys"),
        ("Compare two files", "/compare"),
        ("Style guide", "/styleguide"),
        ("API", "/docs"),
    ]
    .map(|(name, href)| Place::new("Page", name, href))
    .into()
}

/// The places that there are because of what is watched: models, monitors, the reports of the default model, and the columns of its
/// latest.
///
/// # Errors
/// The store cannot be read.
#[cfg(feature = "ssr")]
pub fn known(backend: &dyn crate::backend::Backend) -> Result<Vec<Place>, crate::error::AppError> {
    use crate::error::AppError;

    let overview = match backend.overview(None) {
        // Nothing is served yet.
        Err(AppError::NotFound { .. }) => return Ok(Vec::new()),
        overview => overview?,
    };
    let mut places: Vec<Place> =
        overview.models.iter().map(|model| Place::new("Model", model, format!("/?model={model}"))).collect();
    for monitor in backend.monitors()? {
        places.push(Place::new("Monitor", &monitor.name, format!("/monitors/{}", monitor.name)));
    }
    if let Some(latest) = overview.history.last() {
        let query = crate::report_query::ReportQuery::default();
        let of_column = |name: &str| format!("/reports/{}{}#column", latest.id, query.with_column(Some(name)).href());
        let report = backend.report(&latest.id)?;
        places.extend(report.columns.iter().map(|column| Place::new("Column", &column.name, of_column(&column.name))));
    }
    for head in overview.history.iter().rev() {
        places.push(Place::new("Report", head.in_words(), format!("/reports/{}", head.id)));
    }
    Ok(places)
}

/// The places that fit `text`, the best first, `most` of them: every word has to occur, in the name or as the kind. A name that
/// begins with the text comes before one that has it elsewhere; else the order stays.
pub fn find<'a>(places: &'a [Place], text: &str, most: usize) -> Vec<&'a Place> {
    let text = text.trim().to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut found: Vec<(usize, &Place)> = places
        .iter()
        .filter_map(|place| {
            let (name, kind) = (place.name.to_lowercase(), place.kind.to_lowercase());
            let fits = words.iter().all(|word| name.contains(word) || kind.starts_with(word));
            let rank = match () {
                () if name.starts_with(&text) => 0,
                () if words.iter().any(|word| name.split([' ', '-', '_']).any(|part| part.starts_with(word))) => 1,
                () => 2,
            };
            fits.then_some((rank, place))
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().take(most).map(|(_, place)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(places: &[Place], text: &str) -> Vec<String> {
        find(places, text, 3).into_iter().map(|place| place.name.clone()).collect()
    }

    #[test]
    fn a_name_that_begins_with_the_text_comes_first() {
        let places = [
            Place::new("Column", "log_amount", "/a"),
            Place::new("Column", "camouflage", "/b"),
            Place::new("Column", "Amount", "/c"),
        ];
        assert_eq!(names(&places, "amo"), ["Amount", "log_amount", "camouflage"]);
        assert_eq!(names(&places, "LOG am"), ["log_amount"]);
    }

    #[test]
    fn a_kind_narrows_down_and_nothing_finds_everything() {
        let places = [Place::new("Report", "latest", "/a"), Place::new("Column", "latest", "/b")];
        assert_eq!(find(&places, "report latest", 9), [&places[0]]);
        assert_eq!(find(&places, "  ", 9).len(), 2);
        assert!(find(&places, "nowhere", 9).is_empty());
    }
}
