//! The colours a chart needs. The browser reads them from the style sheet, so that a chart and a badge agree.

/// Colours as CSS writes them, and the font.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    /// Text.
    pub ink: String,
    /// Text of lesser weight: axis labels.
    pub ink_muted: String,
    /// Hairlines.
    pub line: String,
    /// The ground under a tooltip.
    pub surface: String,
    /// The reference.
    pub reference: String,
    /// The current side.
    pub current: String,
    /// Drift.
    pub drifted: String,
    /// Drift in some columns only.
    pub minor: String,
    /// No drift.
    pub stable: String,
    /// Font family.
    pub font: String,
}

impl Palette {
    /// Fills a palette from custom properties: `read("--reference")`.
    pub fn read(read: impl Fn(&str) -> String, font: String) -> Self {
        Self {
            ink: read("--ink"),
            ink_muted: read("--ink-3"),
            line: read("--line"),
            surface: read("--surface-raised"),
            reference: read("--reference"),
            current: read("--current"),
            drifted: read("--drifted"),
            minor: read("--minor-mark"),
            stable: read("--stable"),
            font,
        }
    }
}
