//! A small area of counts over time, as SVG.

use leptos::prelude::*;

const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 40.0;

/// Counts from left to right, scaled to their own maximum. It has no words: the number stands beside it.
#[component]
pub fn Sparkline(
    /// The counts, oldest first.
    #[prop(into)]
    counts: Signal<Vec<u64>>,
    /// What a screen reader says.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let line = Memo::new(move |_| counts.with(|counts| line(counts)));
    view! {
        <svg class="sparkline" viewBox="0 0 240 40" preserveAspectRatio="none" role="img" aria-label=label>
            <path class="sparkline__area" d=move || format!("{}V{HEIGHT}H0Z", line.get())></path>
            <path class="sparkline__line" d=move || line.get()></path>
        </svg>
    }
    .into_any()
}

fn line(counts: &[u64]) -> String {
    let largest = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let step = WIDTH / counts.len().saturating_sub(1).max(1) as f64;
    let point = |(i, count): (usize, &u64)| {
        let y = 2.0 + (HEIGHT - 4.0) * (1.0 - *count as f64 / largest);
        format!("{}{:.1} {y:.1}", if i == 0 { "M" } else { "L" }, step * i as f64)
    };
    let path: String = counts.iter().enumerate().map(point).collect();
    if path.is_empty() { format!("M0 {:.1}H{WIDTH}", HEIGHT - 2.0) } else { path }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn the_line_spans_the_width_and_the_largest_count_reaches_the_top() {
        assert_eq!(line(&[0, 4, 2]), "M0.0 38.0L120.0 2.0L240.0 20.0");
    }

    #[test]
    fn nothing_and_only_zeros_lie_on_the_ground() {
        assert_eq!(line(&[]), "M0 38.0H240");
        assert_eq!(line(&[0, 0]), "M0.0 38.0L240.0 38.0");
    }
}
