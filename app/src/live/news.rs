//! What the service says of itself every few seconds: numbers that change when there is something new to see.

use std::fmt;

/// The numbers. Only whether they change means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct News {
    /// Of the predictions of all models.
    pub predictions: u64,
    /// Of the stored comparisons.
    pub reports: u64,
    /// Of the alerts: that began or ended. Who takes note of one sees that at once.
    pub alerts: u64,
}

impl News {
    /// Reads what [`News::fmt`] writes. Three words instead of JSON: every page reads them, before it loads anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').map(|number| number.parse().ok());
        let news = Self { predictions: numbers.next()??, reports: numbers.next()??, alerts: numbers.next()?? };
        numbers.next().is_none().then_some(news)
    }
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.predictions, self.reports, self.alerts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let news = News { predictions: 284_807, reports: 12, alerts: 3 };
        assert_eq!(News::parse(&news.to_string()), Some(news));
        for broken in ["", "1 2", "1 2 3 4", "1 2 x"] {
            assert_eq!(News::parse(broken), None, "{broken:?}");
        }
    }
}
