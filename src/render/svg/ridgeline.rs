//! A column's values in one period after the other, as curves behind each other.

use super::functions::Plane;
use super::{open, write_svg};
use crate::report::over_time::{OverTime, Period};

const WIDTH: f64 = 720.0;
/// From one curve's ground to the next one's.
const STEP: f64 = 26.0;
/// How high the highest curve is: it reaches over the one behind it.
const HEIGHT: f64 = 46.0;
/// Between the two sides.
const GAP: f64 = 14.0;
/// Where the curves begin; left of it stands when a period begins.
const LEFT: f64 = 132.0;

/// The reference's periods, and below them the current ones, each a curve of shares over the same axis. The label of a curve
/// is when its period begins.
pub fn ridgeline(found: &OverTime) -> String {
    let (n_reference, n_current) = (found.reference.len() as f64, found.current.len() as f64);
    let bottom = HEIGHT + STEP * (n_reference + n_current - 1.0) + GAP + 6.0;
    let name = "Distribution in one period after the other, reference above current";
    let mut svg = open(WIDTH, bottom + 26.0, "tm-ridges", name);
    let all = found.reference.iter().chain(&found.current);
    let peak = all.flat_map(|period| &period.shares).fold(f64::MIN_POSITIVE, |peak: f64, share| peak.max(*share));
    let plane = Plane { x: (found.low, found.high), y: (0.0, 1.0), left: LEFT, size: (WIDTH, bottom + 26.0) };
    plane.ticks_below(&mut svg);
    let mut ground = HEIGHT;
    for (periods, class) in [(&found.reference, "tm-ridge-ref"), (&found.current, "tm-ridge-cur")] {
        for period in periods {
            curve(&mut svg, &plane, period, class, ground, HEIGHT / peak);
            ground += STEP;
        }
        ground += GAP;
    }
    svg.push_str("</svg>");
    svg
}

fn curve(svg: &mut String, plane: &Plane, period: &Period, class: &str, ground: f64, scale: f64) {
    let (left, right) = (plane.left, plane.right());
    let step = (right - left) / period.shares.len().max(1) as f64;
    write_svg(svg, format_args!("<path class=\"{class}\" d=\"M{left:.1} {ground:.1}"));
    for (place, share) in period.shares.iter().enumerate() {
        let (x, y) = (left + step * (place as f64 + 0.5), ground - share * scale);
        write_svg(svg, format_args!("L{x:.1} {y:.1}"));
    }
    write_svg(svg, format_args!("L{right:.1} {ground:.1}Z\"/>"));
    let (x, y, begins) = (left - 8.0, ground - 2.0, crate::render::html::escape(&period.begins));
    write_svg(svg, format_args!("<text class=\"tm-text\" x=\"{x}\" y=\"{y:.1}\" text-anchor=\"end\">{begins}</text>"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_period_has_a_curve_and_a_name_and_the_highest_reaches_the_top() {
        let period = |begins: &str, shares: &[f64]| Period {
            begins: begins.to_owned(),
            n: 1,
            median: None,
            shares: shares.to_vec(),
        };
        let found = OverTime {
            low: 0.0,
            high: 10.0,
            reference: vec![period("2024-03-01", &[0.5, 0.5]), period("<b>", &[1.0, 0.0])],
            current: vec![period("2024-04-01", &[0.0, 0.0])],
        };
        let svg = ridgeline(&found);
        assert_eq!((svg.matches("tm-ridge-ref").count(), svg.matches("tm-ridge-cur").count()), (2, 1));
        assert!(svg.contains(">2024-03-01<") && svg.contains("&lt;b&gt;") && !svg.contains("<b>"), "{svg}");
        // The ground of the second curve is one step below the first's, its peak as high as a curve gets.
        assert!(svg.contains(&format!(" {:.1}L708.0 {:.1}Z", HEIGHT + STEP, HEIGHT + STEP)), "{svg}");
        assert!(svg.contains(&format!(" {:.1}L", STEP)), "{svg}");
    }
}
