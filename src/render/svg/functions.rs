//! Both sides' distribution functions over each other, and both sides' quantiles against each other.

use super::{open, write_svg};
use crate::render::format;
use crate::report::cumulative::{Below, below_edges, has_whole_numbers, known_points, largest_gap, quantile_pairs};
use crate::report::{Bin, SideSummary};

/// Width and height of a picture. Labels are 12 units high in it, so it is meant to be shown at about its own size.
const SIZE: (f64, f64) = (320.0, 260.0);

/// The shares of both sides below every number: the reference as an area, the current side as a line, and a mark where
/// they lie farthest apart. Empty where a side has no values or all lie in one bin.
pub fn distribution_functions(bins: &[Bin], reference: &SideSummary, current: &SideSummary) -> String {
    let edges = below_edges(bins);
    let (Some(first), Some(last)) = (bins.first(), bins.last()) else { return String::new() };
    if edges.is_empty() {
        return String::new();
    }
    let gap = largest_gap(&edges);
    let name = gap.map_or_else(
        || "Distribution functions of reference and current values: no difference".to_owned(),
        |gap| format!("Distribution functions of reference and current values: {}", gap_in_words(&gap)),
    );
    let plane = Plane { x: (first.low, last.high), y: (0.0, 1.0), left: 44.0, size: SIZE };
    let mut svg = open(SIZE.0, SIZE.1, "tm-curves", &name);
    for share in [0.0, 0.5, 1.0] {
        plane.line_at(&mut svg, share, &format::share(share));
    }
    plane.ticks_below(&mut svg);
    if let Some((start, path, end)) = path(&plane, bins, reference, |edge| edge.reference) {
        let ground = plane.down(0.0);
        write_svg(
            &mut svg,
            format_args!("<path class=\"tm-ref\" d=\"M{start:.1} {ground:.1}L{path}L{end:.1} {ground:.1}Z\"/>"),
        );
    }
    if let Some((_, line, _)) = path(&plane, bins, current, |edge| edge.current) {
        write_svg(&mut svg, format_args!("<path class=\"tm-cur\" d=\"M{line}\"/>"));
    }
    if let Some(gap) = gap {
        mark(&mut svg, &plane, &gap);
    }
    svg.push_str("</svg>");
    svg
}

/// Every twentieth quantile of the current side over the same one of the reference, and the line on which they lie if
/// nothing changed. The quartiles are larger. Empty where fewer than two of them are known.
pub fn quantile_quantile(bins: &[Bin], reference: &SideSummary, current: &SideSummary) -> String {
    let pairs = quantile_pairs(bins, reference, current);
    let values = || pairs.iter().flat_map(|pair| [pair.reference, pair.current]);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    if pairs.len() < 2 || low >= high {
        return String::new();
    }
    let room = 0.04 * (high - low);
    let range = (low - room, high + room);
    let plane = Plane { x: range, y: range, left: 58.0, size: SIZE };
    let mut svg = open(SIZE.0, SIZE.1, "tm-curves", "Quantiles of the current values against those of the reference");
    for tick in round_numbers(range) {
        plane.line_at(&mut svg, tick, &format::number(tick));
    }
    plane.ticks_below(&mut svg);
    let [left, right] = [range.0, range.1].map(|end| (plane.across(end), plane.down(end)));
    write_svg(
        &mut svg,
        format_args!("<path class=\"tm-same\" d=\"M{:.1} {:.1}L{:.1} {:.1}\"/>", left.0, left.1, right.0, right.1),
    );
    for pair in &pairs {
        let is_quartile = [0.25, 0.5, 0.75].contains(&pair.p);
        let (x, y, radius) =
            (plane.across(pair.reference), plane.down(pair.current), if is_quartile { 5.0 } else { 3.0 });
        let (p, from, to) = (format::share(pair.p), format::number(pair.reference), format::number(pair.current));
        write_svg(
            &mut svg,
            format_args!(
                "<circle class=\"tm-point\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"><title>{p}: {from}, now {to}</title></circle>"
            ),
        );
    }
    svg.push_str("</svg>");
    svg
}

/// `largest gap 31.2 points, at 63.2`: what the mark says.
fn gap_in_words(gap: &Below) -> String {
    format!("largest gap {:.1} points, at {}", 100.0 * gap.gap(), format::number(gap.at))
}

/// The vertical line between both functions, and its words on the side with more room.
fn mark(svg: &mut String, plane: &Plane, gap: &Below) {
    let x = plane.across(gap.at);
    let (from, to) = (plane.down(gap.reference), plane.down(gap.current));
    write_svg(svg, format_args!("<path class=\"tm-gap\" d=\"M{x:.1} {from:.1}V{to:.1}\"/>"));
    for y in [from, to] {
        write_svg(svg, format_args!("<circle class=\"tm-gap-end\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>"));
    }
    // Left of its upper end nothing is drawn; right of its lower end only the area.
    let is_left = x > plane.left + 90.0;
    let (x, y, anchor) = if is_left {
        (x - 8.0, from.min(to).max(plane.top() + 14.0), "end")
    } else {
        (x + 8.0, (from.max(to) + 4.0).min(plane.bottom() - 6.0), "start")
    };
    let points = 100.0 * gap.gap();
    write_svg(
        svg,
        format_args!(
            "<text class=\"tm-gap-text\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{points:.1} points</text>"
        ),
    );
}

/// Start, points and end of one side's function, from where it is known to where it is known. Whole numbers that have a
/// bin each are stairs.
fn path(plane: &Plane, bins: &[Bin], side: &SideSummary, share: fn(&Below) -> f64) -> Option<(f64, String, f64)> {
    let points = known_points(bins, side, share);
    let ((start, _), (end, _)) = (points.first()?, points.last()?);
    let mut height = points.first()?.1;
    let stairs = has_whole_numbers(bins);
    let mut path = String::new();
    for (i, (at, share)) in points.iter().enumerate() {
        if i > 0 {
            path.push('L');
        }
        if stairs {
            // It steps up at the number before the edge, or at an end, which is a number itself.
            let step = plane.across((at - 0.25).round().max(*start));
            write_svg(&mut path, format_args!("{step:.1} {:.1}V{:.1}H", plane.down(height), plane.down(*share)));
            write_svg(&mut path, format_args!("{:.1}", plane.across(*at)));
        } else {
            write_svg(&mut path, format_args!("{:.1} {:.1}", plane.across(*at), plane.down(*share)));
        }
        height = *share;
    }
    Some((plane.across(*start), path, plane.across(*end)))
}

/// Where numbers lie in a picture.
pub(super) struct Plane {
    pub x: (f64, f64),
    pub y: (f64, f64),
    pub left: f64,
    pub size: (f64, f64),
}

impl Plane {
    pub fn right(&self) -> f64 {
        self.size.0 - 12.0
    }

    fn top(&self) -> f64 {
        10.0
    }

    fn bottom(&self) -> f64 {
        self.size.1 - 26.0
    }

    fn across(&self, value: f64) -> f64 {
        self.left + (self.right() - self.left) * part(self.x, value)
    }

    fn down(&self, value: f64) -> f64 {
        self.bottom() - (self.bottom() - self.top()) * part(self.y, value)
    }

    /// A line across at a height, and what it stands for beside it.
    fn line_at(&self, svg: &mut String, value: f64, label: &str) {
        let (y, left, right) = (self.down(value), self.left, self.right());
        write_svg(svg, format_args!("<path class=\"tm-axis\" d=\"M{left} {y:.1}H{right}\"/>"));
        let (x, y) = (left - 6.0, y + 4.0);
        write_svg(
            svg,
            format_args!("<text class=\"tm-text\" x=\"{x}\" y=\"{y:.1}\" text-anchor=\"end\">{label}</text>"),
        );
    }

    pub fn ticks_below(&self, svg: &mut String) {
        let bottom = self.bottom();
        write_svg(svg, format_args!("<path class=\"tm-axis\" d=\"M{} {bottom}H{}\"/>", self.left, self.right()));
        for tick in round_numbers(self.x) {
            let (x, y, label) = (self.across(tick), bottom + 18.0, format::number(tick));
            write_svg(svg, format_args!("<path class=\"tm-axis\" d=\"M{x:.1} {bottom}v4\"/>"));
            write_svg(
                svg,
                format_args!("<text class=\"tm-text\" x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{label}</text>"),
            );
        }
    }
}

/// How far along a range a value lies, 0 to 1. Computed in halves: a range may be wider than the largest number.
fn part((low, high): (f64, f64), value: f64) -> f64 {
    ((0.5 * value - 0.5 * low) / (0.5 * high - 0.5 * low)).clamp(0.0, 1.0)
}

/// Multiples of 1, 2 or 5 times a power of ten within a range: two to five of them.
fn round_numbers((low, high): (f64, f64)) -> Vec<f64> {
    let rough = high / 4.0 - low / 4.0;
    if !rough.is_finite() || rough <= 0.0 {
        return Vec::new();
    }
    let power = libm::exp10(libm::log10(rough).floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|nice| nice * power).into_iter().find(|step| *step >= rough).unwrap_or(rough);
    let first = (low / step).ceil();
    let last = (high / step).floor();
    if !(first.is_finite() && last.is_finite()) || last - first > 8.0 {
        return Vec::new();
    }
    (0..=(last - first) as u32).map(|i| ((first + f64::from(i)) * step).clamp(low, high)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bin(low: f64, high: f64, reference: f64, current: f64) -> Bin {
        Bin { low, high, reference, current }
    }

    fn side(min: f64, max: f64) -> SideSummary {
        SideSummary {
            min: Some(min),
            q25: Some(1.0),
            median: Some(2.0),
            q75: Some(3.0),
            max: Some(max),
            ..SideSummary::default()
        }
    }

    #[test]
    fn the_mark_stands_at_the_largest_gap_and_says_its_size() {
        let bins = [bin(0.0, 2.0, 0.5, 0.25), bin(2.0, 4.0, 0.25, 0.0), bin(4.0, 6.0, 0.25, 0.75)];
        let svg = distribution_functions(&bins, &side(0.0, 6.0), &side(0.0, 6.0));
        assert!(svg.contains("largest gap 50.0 points, at 4"), "{svg}");
        // Two thirds of the way from 44 to 308, from three quarters up to one quarter up.
        assert!(svg.contains("<path class=\"tm-gap\" d=\"M220.0 66.0V178.0\"/>"), "{svg}");
        assert_eq!(svg.matches("class=\"tm-ref\"").count() + svg.matches("class=\"tm-cur\"").count(), 2);
    }

    #[test]
    fn without_a_difference_there_is_no_mark() {
        let bins = [bin(0.0, 2.0, 0.5, 0.5), bin(2.0, 4.0, 0.5, 0.5)];
        let svg = distribution_functions(&bins, &side(0.0, 4.0), &side(0.0, 4.0));
        assert!(svg.contains("no difference") && !svg.contains("tm-gap"), "{svg}");
        assert!(quantile_quantile(&bins, &side(0.0, 4.0), &side(0.0, 4.0)).matches("<circle").count() == 19);
    }

    #[test]
    fn one_value_and_no_values_have_no_picture() {
        let (some, none) = (side(1.0, 1.0), SideSummary::default());
        for bins in [vec![], vec![bin(0.5, 1.5, 1.0, 1.0)], vec![bin(0.0, 1.0, 1.0, 0.0), bin(1.0, 2.0, 0.0, 0.0)]] {
            assert_eq!(distribution_functions(&bins, &some, &none), "");
            assert_eq!(quantile_quantile(&bins, &some, &none), "");
        }
    }

    #[test]
    fn axes_have_two_to_six_round_numbers_however_wide_they_are() {
        for (low, high) in [(0.0, 1.0), (-3.2, 7.9), (1e-9, 3e-9), (-1e300, 1e300), (99.0, 101.0), (0.0, 24.0)] {
            let ticks = round_numbers((low, high));
            assert!((2..=6).contains(&ticks.len()), "{low} to {high}: {ticks:?}");
            assert!(ticks.iter().all(|tick| (low..=high).contains(tick)), "{low} to {high}: {ticks:?}");
        }
        assert_eq!(round_numbers((0.0, 1.0)), [0.0, 0.5, 1.0]);
        assert!(round_numbers((-f64::MAX, f64::MAX)).len() <= 6);
    }
}
