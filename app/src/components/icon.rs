//! Line icons, 16 by 16, in the colour of the text around them.

use leptos::prelude::*;

/// What an icon shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    /// A cross.
    Close,
    /// To the left.
    Previous,
    /// To the right.
    Next,
    /// Upwards.
    Up,
    /// Downwards.
    Down,
    /// A looking glass.
    Search,
    /// A sun.
    Light,
    /// A moon.
    Dark,
    /// A screen.
    System,
    /// A sheet with an arrow into it.
    Upload,
    /// An arrow onto a line.
    Download,
    /// An arrow round a circle.
    Again,
    /// A sheet with lines.
    File,
    /// A padlock.
    Lock,
    /// Three points, joined.
    Share,
}

impl Glyph {
    const fn path(self) -> &'static str {
        match self {
            Self::Close => "M4 4l8 8M12 4l-8 8",
            Self::Previous => "M9.5 3.5 5 8l4.5 4.5",
            Self::Next => "M6.5 3.5 11 8l-4.5 4.5",
            Self::Up => "M8 13V3.5M4 7.5l4-4 4 4",
            Self::Down => "M8 3v9.5M4 8.5l4 4 4-4",
            Self::Search => "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M10.5 10.5 14 14",
            Self::Light => {
                "M8 5.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 1 0 0-5.6M8 1.2v1.4M8 13.4v1.4M1.2 8h1.4M13.4 8h1.4M3.2 3.2l1 1M11.8 11.8l1 1M3.2 12.8l1-1M11.8 4.2l1-1"
            }
            Self::Dark => "M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1Z",
            Self::System => "M2 3h12v8H2ZM5.5 13.8h5M8 11v2.8",
            Self::Upload => "M8 11V3M4.8 6 8 2.8 11.2 6M2.5 10.5v2.7h11v-2.7",
            Self::Download => "M8 2.8V11M4.8 8 8 11.2 11.2 8M2.5 10.5v2.7h11v-2.7",
            Self::Again => "M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3",
            Self::File => "M4 1.8h5.2L12.5 5v9.2H4ZM9 2v3.2h3.3M6.2 8.5h4M6.2 11h4",
            Self::Share => {
                "M12 1.8a2 2 0 1 0 0 4a2 2 0 1 0 0-4M4 6a2 2 0 1 0 0 4a2 2 0 1 0 0-4M12 10.2a2 2 0 1 0 0 4a2 2 0 1 0 0-4M5.8 7.1l4.4-2.3M5.8 8.9l4.4 2.3"
            }
            Self::Lock => "M3.5 7.2h9v6.3h-9ZM5.5 7V5a2.5 2.5 0 0 1 5 0v2",
        }
    }
}

/// An icon. The text beside it, or the name of the control around it, says what it means.
#[component]
pub fn Icon(
    /// What it shows.
    glyph: Glyph,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d=glyph.path()></path>
        </svg>
    }
}
