//! Light, dark, or as the system has it.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

#[cfg_attr(not(feature = "hydrate"), path = "theme_toggle/root_server.rs")]
mod root;

/// Runs in the head before the first paint: takes over what the reader chose last time. Without JavaScript, or without
/// a choice, the page follows the system.
pub const THEME_SCRIPT: &str = "try{const t=localStorage.getItem('theme');\
if(t==='light'||t==='dark')document.documentElement.dataset.theme=t}catch{}";

/// A colour scheme, as the reader chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light, whatever the system says.
    Light,
    /// Dark, whatever the system says.
    Dark,
}

impl Theme {
    const fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    /// The name in storage and on `data-theme`.
    const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    const fn glyph(self) -> Glyph {
        match self {
            Self::System => Glyph::System,
            Self::Light => Glyph::Light,
            Self::Dark => Glyph::Dark,
        }
    }
}

/// Counts up whenever colours changed, for those who read them from the style sheet: charts.
#[derive(Debug, Clone, Copy)]
pub struct ThemeVersion(pub RwSignal<u32>);

/// Gives all below a [`ThemeVersion`].
pub fn provide_theme() {
    let version = ThemeVersion(RwSignal::new(0));
    provide_context(version);
    Effect::new(move || root::on_system_change(move || version.0.update(|version| *version += 1)));
}

/// The button in the header: each press goes on to the next of the three.
///
/// *On the server* the choice is unknown, and the button shows the system's.
#[component]
pub fn ThemeToggle() -> impl IntoView {
    let theme = RwSignal::new(Theme::default());
    let version = use_context::<ThemeVersion>();
    Effect::new(move || theme.set(root::stored()));
    let choose = move |_| {
        let next = theme.get_untracked().next();
        theme.set(next);
        root::apply(next);
        if let Some(ThemeVersion(version)) = version {
            version.update(|version| *version += 1);
        }
    };
    view! {
        <button
            class="theme-toggle needs-script"
            r#type="button"
            on:click=choose
            aria-label=move || format!("Theme: {}. Change to {}.", theme.get().name(), theme.get().next().name())
            title=move || format!("Theme: {}", theme.get().name())
        >
            {move || view! { <Icon glyph=theme.get().glyph()/> }}
        </button>
    }
}
