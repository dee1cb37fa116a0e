//! `/styleguide`: every component, in both themes. Who changes one looks here first.

use leptos::prelude::*;
use leptos_meta::Title;
use tidemark::judge::{Effect, EffectKind, Verdict};

use crate::components::chart_frame::ChartFrame;
use crate::components::effect_ruler::EffectRuler;
use crate::components::empty_state::EmptyState;
use crate::components::error_state::ErrorState;
use crate::components::icon::{Glyph, Icon};
use crate::components::logo::Logo;
use crate::components::segmented::{Choice, Segmented};
use crate::components::severity_badge::SeverityBadge;
use crate::components::share_bar::ShareBar;
use crate::components::skeleton::Skeleton;
use crate::components::sparkline::Sparkline;
use crate::components::stat_tile::StatTile;
use crate::components::status_badge::StatusBadge;
use crate::components::tabs::{Tab, Tabs};
use crate::components::toast::Toasts;
use crate::components::verdict_banner::VerdictBanner;
use crate::watching::AlertSeverity;

/// Tokens that are grounds and lines, those that are text, those of severity, and those of the two sides.
const COLOURS: [(&str, &[&str]); 4] = [
    ("Grounds", &["canvas", "surface", "surface-raised", "surface-sunken", "line", "line-strong"]),
    ("Text", &["ink", "ink-2", "ink-3", "accent"]),
    ("Severity", &["drifted", "minor", "not-enough", "stable", "not-tested"]),
    ("Sides", &["reference", "current"]),
];

/// The page.
#[component]
pub fn StyleguidePage() -> impl IntoView {
    view! {
        <Title text="Style guide"/>
        <div class="page">
            <header>
                <h1 class="page__title">"Style guide"</h1>
                <p class="page__subtitle">
                    "Every component, in both themes. Colours, spaces and sizes are tokens; severity is told by shape and word as well as by colour."
                </p>
            </header>
            <div class="styleguide">
                <Theme name="Light" id="light"/>
                <Theme name="Dark" id="dark"/>
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn Theme(name: &'static str, id: &'static str) -> impl IntoView {
    view! {
        <section class=format!("styleguide__theme styleguide__theme--{id}") aria-labelledby=id>
            <h2 class="section-title" id=id>{name}</h2>
            <Part title="Name"><Logo/></Part>
            <Part title="Colour">{COLOURS.map(colours).collect_view()}</Part>
            <Part title="Type">
                <p class="styleguide__type styleguide__type--large">"Drift over time"</p>
                <p class="styleguide__type">"Share of drifted columns in each comparison."</p>
                <p class="styleguide__type styleguide__type--small">"0123456789, tabular: 1,111 and 8,888"</p>
            </Part>
            <Part title="Badges">
                <div class="styleguide__row">
                    {Verdict::ALL.map(|verdict| view! { <StatusBadge verdict/> }).collect_view()}
                </div>
                <div class="styleguide__row">
                    {[AlertSeverity::Info, AlertSeverity::Warning, AlertSeverity::Critical]
                        .map(|severity| view! { <SeverityBadge severity/> })
                        .collect_view()}
                </div>
            </Part>
            <Part title="Buttons and fields">
                <div class="styleguide__row">
                    <button class="button button--primary" r#type="button">"Primary"</button>
                    <button class="button" r#type="button">"Plain"</button>
                    <button class="button" r#type="button" disabled=true>"Disabled"</button>
                    <button class="button button--small" r#type="button"><Icon glyph=Glyph::Download/>"Small"</button>
                    <button class="icon-button" r#type="button" aria-label="Close"><Icon glyph=Glyph::Close/></button>
                </div>
                <label class="field">"A field" <input class="input" value="written"/></label>
                <Segmented label=format!("Choices in the {id} theme") choices=choices()/>
            </Part>
            <Part title="Icons"><div class="styleguide__row">{GLYPHS.map(|glyph| view! { <Icon glyph/> }).collect_view()}</div></Part>
            <Part title="Verdict banner">
                <VerdictBanner
                    verdict=Signal::stored(Verdict::Drifted)
                    label=Signal::stored("Drift".to_owned())
                    sentence=Signal::stored("The data drifted in 4 of 30 columns; Amount moved most.".to_owned())
                >
                    <span>"5,000 rows compared"</span>
                </VerdictBanner>
            </Part>
            <Part title="Figures">
                <dl class="tiles styleguide__tiles">
                    <StatTile label="Predictions per second" value=Signal::stored("41.5".to_owned()) note="over ten seconds">
                        <Sparkline counts=Signal::stored(vec![3, 5, 8, 6, 9, 12, 11, 7, 8, 13, 15, 9]) label="Predictions in each second"/>
                    </StatTile>
                    <StatTile label="Drifted columns" value=Signal::stored("4 of 30".to_owned()) note="threshold 10%">
                        <ShareBar share=Signal::stored(0.13) threshold=Signal::stored(0.1) drifted=Signal::stored(true)/>
                    </StatTile>
                </dl>
                <p class="styleguide__ruler">
                    <EffectRuler effect={Effect { kind: EffectKind::LargestGap, value: 0.23, low: 0.21, high: Some(0.25), minimum: 0.1 }}/>
                </p>
            </Part>
            <Part title="Chart frame">
                <ChartFrame title="Distribution" caption="Share of the rows of each side." two_sides=true>
                    <p class="styleguide__chart">"A picture"</p>
                </ChartFrame>
            </Part>
            <Part title="Tabs">
                <Tabs
                    label="Examples"
                    id=id
                    tabs=vec![
                        Tab { label: "First", view: "What is seen first.".into_any() },
                        Tab { label: "Second", view: "What is seen second.".into_any() },
                    ]
                />
            </Part>
            <Part title="Dialog and toast"><Over/></Part>
            <Part title="Nothing, loading, wrong">
                <EmptyState title="No comparison yet"><p>"The first takes 200 rows."</p></EmptyState>
                <Skeleton label="An example of loading"/>
                <ErrorState title="Tidemark does not answer" detail="It could not be reached.">
                    <button class="button" r#type="button">"Try again"</button>
                </ErrorState>
            </Part>
        </section>
    }
    .into_any()
}

const GLYPHS: [Glyph; 15] = [
    Glyph::Close,
    Glyph::Previous,
    Glyph::Next,
    Glyph::Up,
    Glyph::Down,
    Glyph::Search,
    Glyph::Light,
    Glyph::Dark,
    Glyph::System,
    Glyph::Upload,
    Glyph::Download,
    Glyph::Again,
    Glyph::File,
    Glyph::Lock,
    Glyph::Share,
];

fn colours((title, names): (&'static str, &'static [&'static str])) -> impl IntoView {
    let swatch = |name: &&'static str| {
        view! {
            <li class="styleguide__swatch">
                <span class=format!("styleguide__colour styleguide__colour--{name}") aria-hidden="true"></span>
                <code>{*name}</code>
            </li>
        }
    };
    view! {
        <h4 class="styleguide__name">{title}</h4>
        <ul class="styleguide__swatches">{names.iter().map(swatch).collect_view()}</ul>
    }
}

fn choices() -> Signal<Vec<Choice>> {
    let choice = |label: &str, count: &str, taken| Choice {
        label: label.to_owned(),
        count: Some(count.to_owned()),
        href: "/styleguide".to_owned(),
        taken,
    };
    Signal::stored(vec![choice("All", "30", true), choice("Drifted", "4", false), choice("Stable", "26", false)])
}

/// What lies over the page.
#[component]
fn Over() -> impl IntoView {
    let toasts = use_context::<Toasts>();
    let tell = move |_| {
        if let Some(toasts) = toasts {
            toasts.tell("Copied.");
        }
    };
    view! {
        <div class="styleguide__row">
            <p>"Press " <kbd>"?"</kbd> " for a dialog, " <kbd>"Ctrl"</kbd> " " <kbd>"K"</kbd> " for the palette."</p>
            <button class="button needs-script" r#type="button" on:click=tell>"Show a toast"</button>
        </div>
    }
    .into_any()
}

#[component]
fn Part(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="styleguide__part">
            <h3 class="styleguide__title">{title}</h3>
            {children()}
        </div>
    }
    .into_any()
}
