//! Comparisons side by side, as small as a word: how many columns drifted in each, and what that came to.

use leptos::prelude::*;
use std::fmt::Write;
use tidemark::judge::Verdict;
use tidemark::render::format;

use super::status_badge::css_name;

const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 40.0;
/// Bars there is room for.
pub(crate) const BARS: usize = 32;
/// What a comparison without drift has, so that one sees that it was made.
const LOW: f64 = 4.0;

/// A bar for each comparison, as high as the share of drifted columns, in the colour of its verdict. The number stands beside it.
#[component]
pub fn DriftStrip(
    /// Share of drifted columns, 0 to 1, and verdict; oldest first.
    #[prop(into)]
    history: Signal<Vec<(f64, Verdict)>>,
) -> impl IntoView {
    let bars = move |verdict: Verdict| {
        let path = Memo::new(move |_| history.with(|history| path(history, verdict)));
        view! { <path class=format!("drift-strip__bar drift-strip__bar--{}", css_name(verdict)) d=move || path.get()></path> }
    };
    let label = move || history.with(|history| said(history));
    view! {
        <svg class="drift-strip" viewBox="0 0 240 40" preserveAspectRatio="none" role="img" aria-label=label>
            {[Verdict::Stable, Verdict::Minor, Verdict::Drifted].map(bars)}
        </svg>
    }
    .into_any()
}

/// The bars of one verdict; the latest comparison stands at the right.
fn path(history: &[(f64, Verdict)], verdict: Verdict) -> String {
    let step = WIDTH / BARS as f64;
    let shown = &history[history.len().saturating_sub(BARS)..];
    let left = BARS - shown.len();
    let mut path = String::new();
    for (nth, (share, _)) in shown.iter().enumerate().filter(|(_, (_, found))| *found == verdict) {
        let height = LOW + (HEIGHT - LOW) * share.clamp(0.0, 1.0);
        let (x, width) = (step * (left + nth) as f64 + 1.0, step - 2.0);
        write!(path, "M{x:.1} {HEIGHT}v{:.1}h{width:.1}v{height:.1}z", -height).expect("a string takes all");
    }
    path
}

fn said(history: &[(f64, Verdict)]) -> String {
    let shown = &history[history.len().saturating_sub(BARS)..];
    let n_drifted = shown.iter().filter(|(_, verdict)| *verdict == Verdict::Drifted).count();
    format!("{n_drifted} of the latest {} drifted", format::plural(shown.len() as u64, "comparison"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_stands_at_the_right_and_all_drifted_is_as_high_as_it_gets() {
        let history = [(0.0, Verdict::Stable), (1.0, Verdict::Drifted)];
        assert_eq!(path(&history, Verdict::Drifted), "M233.5 40v-40.0h5.5v40.0z");
        assert_eq!(path(&history, Verdict::Stable), "M226.0 40v-4.0h5.5v4.0z");
        assert_eq!(path(&history, Verdict::Minor), "");
        assert_eq!(said(&history), "1 of the latest 2 comparisons drifted");
    }

    #[test]
    fn what_there_is_no_room_for_is_left_out() {
        let history = [vec![(0.5, Verdict::Drifted); 100], vec![(0.0, Verdict::Stable); BARS]].concat();
        assert_eq!(path(&history, Verdict::Drifted), "");
        assert_eq!(path(&history, Verdict::Stable).matches('M').count(), BARS);
    }
}
