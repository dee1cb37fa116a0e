//! How large a change is, with its interval, on a ruler whose middle is the smallest change that matters.

use leptos::prelude::*;
use tidemark::judge::{Effect, EffectKind};

/// Width of the ruler's own coordinates, and the radius of the dot in it.
const WIDTH: f64 = 96.0;
const RADIUS: f64 = 3.0;

/// The ruler. Its words are the number beside it.
#[component]
pub fn EffectRuler(
    /// The effect.
    effect: Effect,
) -> impl IntoView {
    let [low, value, high] = positions(&effect).map(|position| WIDTH * position);
    view! {
        <svg class="effect-ruler" viewBox="0 0 96 12" aria-hidden="true">
            <path class="effect-ruler__track" d="M0 6H96"></path>
            <path class="effect-ruler__minimum" d="M48 1V11"></path>
            <path class="effect-ruler__interval" d=format!("M{low:.1} 6H{high:.1}")></path>
            <circle class="effect-ruler__value" cx=format!("{:.1}", value.clamp(RADIUS, WIDTH - RADIUS)) cy="6" r=RADIUS></circle>
        </svg>
    }
}

/// Size of a change in multiples of the smallest that matters, whatever its direction: alike for every kind of effect.
pub fn relative_size(effect: &Effect) -> f64 {
    size(effect, effect.value)
}

fn size(effect: &Effect, value: f64) -> f64 {
    match effect.kind {
        // Twice as often and half as often are equally far from no change.
        EffectKind::RateRatio if value > 0.0 => value.ln().abs() / effect.minimum.ln().abs(),
        EffectKind::RateRatio => f64::INFINITY,
        _ => value.abs() / effect.minimum,
    }
}

/// Lower limit, estimate and upper limit on a scale from 0 to 1 that is the same for every kind of effect: 0 is no
/// change, one half the smallest that matters, 1 endless.
fn positions(effect: &Effect) -> [f64; 3] {
    let position = |size: f64| if size.is_finite() { size / (1.0 + size) } else { 1.0 };
    let no_change = if effect.kind == EffectKind::RateRatio { 1.0 } else { 0.0 };
    let (low, high) = (size(effect, effect.low), effect.high.map_or(f64::INFINITY, |high| size(effect, high)));
    let contains_none = effect.low <= no_change && effect.high.is_none_or(|high| high >= no_change);
    let nearest = if contains_none { 0.0 } else { low.min(high) };
    [nearest, relative_size(effect), low.max(high)].map(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(kind: EffectKind, [low, value, high]: [f64; 3], minimum: f64) -> Effect {
        Effect { kind, value, low, high: Some(high), minimum }
    }

    #[test]
    fn the_smallest_effect_that_matters_stands_in_the_middle() {
        let gap = effect(EffectKind::LargestGap, [0.0, 0.1, 0.3], 0.1);
        assert_eq!(positions(&gap), [0.0, 0.5, 0.75]);
    }

    #[test]
    fn a_rate_that_halves_is_as_far_as_one_that_doubles() {
        let up = positions(&effect(EffectKind::RateRatio, [1.5, 2.0, 3.0], 1.5));
        let down = positions(&effect(EffectKind::RateRatio, [1.0 / 3.0, 0.5, 1.0 / 1.5], 1.5));
        for (up, down) in up.into_iter().zip(down) {
            assert!((up - down).abs() < 1e-12, "{up} {down}");
        }
    }

    #[test]
    fn an_interval_around_no_change_starts_at_zero() {
        assert_eq!(positions(&effect(EffectKind::ShareDifference, [-0.05, 0.01, 0.02], 0.05))[0], 0.0);
        let open = Effect { high: None, ..effect(EffectKind::RateRatio, [0.5, 2.0, 0.0], 1.5) };
        assert_eq!((positions(&open)[0], positions(&open)[2]), (0.0, 1.0));
    }
}
