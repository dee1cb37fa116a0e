//! The server's side of `root.rs`: it does not know the reader's theme.

use super::Theme;

pub fn stored() -> Theme {
    Theme::System
}

pub fn apply(_theme: Theme) {}

pub fn on_system_change(_changed: impl Fn() + 'static) {}
