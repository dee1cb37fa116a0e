//! How a model did over time, as SVG: what was expected, with its band, and what came, with its interval.

use std::fmt::Write;
use tidemark::render::format;

use crate::format::{date, time_of_day};
use crate::performance::standing::{Judged, estimated, limit, realised};
use crate::performance::{Alarm, Performance, PerformanceWindow};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 34.0;
/// Times under the axis, at most.
const TIMES: usize = 5;

/// What of a window lies where.
struct Point {
    x: f64,
    estimated: Option<Judged>,
    realised: Option<Judged>,
    share_labelled: f64,
    is_open: bool,
    to: i64,
}

/// The picture of a metric. `widen` is how many times as wide the bands should have been.
pub fn performance_timeline(performance: &Performance, metric: &str, widen: Option<f64>) -> String {
    let windows = &performance.windows;
    let n = windows.len().max(1) as f64;
    let step = (WIDTH - LEFT - RIGHT) / n;
    let points: Vec<Point> = windows
        .iter()
        .zip(0_u32..)
        .map(|(window, place)| point(window, metric, LEFT + step * (f64::from(place) + 0.5)))
        .collect();
    let limit = limit(performance, metric);
    let (low, high) = ends(&points, limit);
    let y = |value: f64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - (value.clamp(low, high) - low) / (high - low));
    let mut svg = format!(
        "<svg class=\"tm-wide\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Estimated and realised figure, window by window\">"
    );
    axis(&mut svg, low, high, y);
    times(&mut svg, &points);
    if let Some(limit) = limit.filter(|limit| (low..=high).contains(limit)) {
        push(&mut svg, format_args!("<path class=\"tm-limit\" d=\"M{LEFT} {:.1}H{}\"/>", y(limit), WIDTH - RIGHT));
    }
    if let Some(widen) = widen.filter(|widen| *widen > 1.0) {
        band(&mut svg, &points, "tm-band tm-band--wide", y, widen);
    }
    band(&mut svg, &points, "tm-band", y, 1.0);
    line(&mut svg, &points, "tm-estimated", y, |point| point.estimated);
    line(&mut svg, &points, "tm-realised", y, |point| point.realised);
    for point in &points {
        mark(&mut svg, point, limit.is_some_and(|limit| point.is_worse(metric, limit)), y);
    }
    for alarm in &performance.alarms {
        alarm_mark(&mut svg, alarm, windows, &points);
    }
    svg.push_str("</svg>");
    svg
}

impl Point {
    /// Whether what came is on the wrong side of the limit.
    fn is_worse(&self, metric: &str, limit: f64) -> bool {
        self.realised.is_some_and(|judged| judged.is_worse(metric, limit))
    }
}

fn point(window: &PerformanceWindow, metric: &str, x: f64) -> Point {
    Point {
        x,
        estimated: estimated(window, metric),
        realised: realised(window, metric),
        share_labelled: window.share_labelled(),
        is_open: window.is_open,
        to: window.window.to,
    }
}

/// Where the vertical axis begins and ends: around every value and the band of every full window, but not around the intervals of a few rows.
fn ends(points: &[Point], limit: Option<f64>) -> (f64, f64) {
    let of = |judged: &Judged| {
        let (lower, upper) = judged.range.unwrap_or((judged.value, judged.value));
        [judged.value, lower, upper]
    };
    let is_alone = points.len() == 1;
    let full = points.iter().filter(|point| !point.is_open || is_alone);
    let estimated = full.filter_map(|point| point.estimated.as_ref());
    let realised =
        points.iter().filter(|point| point.share_labelled >= 0.5).filter_map(|point| point.realised.as_ref());
    let few = points.iter().filter_map(|point| point.realised.map(|judged| judged.value));
    let values = estimated.chain(realised).flat_map(of).chain(few).chain(limit);
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low > high {
        return (0.0, 1.0);
    }
    let room = (0.08 * (high - low)).max(1e-3);
    let is_share = low >= 0.0 && high <= 1.0;
    let (low, high) = (low - room, high + room);
    if is_share { (low.max(0.0), high.min(1.0).max(low + 1e-3)) } else { (low, high) }
}

/// Steps of 1, 2 or 5 times a power of ten, three to six of them.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    let rough = (high - low) / 6.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough).unwrap_or(rough);
    let first = (low / step).ceil();
    (0..20).map(|nth| (first + f64::from(nth)) * step).take_while(|tick| *tick <= high + 1e-9 * step).collect()
}

fn axis(svg: &mut String, low: f64, high: f64, y: impl Fn(f64) -> f64) {
    for tick in ticks(low, high) {
        let at = y(tick);
        push(svg, format_args!("<path class=\"tm-axis\" d=\"M{LEFT} {at:.1}H{}\"/>", WIDTH - RIGHT));
        let label = format::number((tick * 1e9).round() / 1e9);
        push(
            svg,
            format_args!(
                "<text class=\"tm-text\" text-anchor=\"end\" x=\"{}\" y=\"{:.1}\">{label}</text>",
                LEFT - 8.0,
                at + 4.0
            ),
        );
    }
}

fn times(svg: &mut String, points: &[Point]) {
    let every = points.len().div_ceil(TIMES).max(1);
    let is_one_day = points.first().zip(points.last()).is_some_and(|(first, last)| last.to - first.to < 86_400_000);
    for point in points.iter().skip(every / 2).step_by(every) {
        let time = if is_one_day { time_of_day(point.to, 0) } else { date(point.to, 0) };
        push(
            svg,
            format_args!(
                "<text class=\"tm-text\" text-anchor=\"middle\" x=\"{:.1}\" y=\"{}\">{time}</text>",
                point.x,
                HEIGHT - 6.0
            ),
        );
    }
}

fn band(svg: &mut String, points: &[Point], class: &str, y: impl Fn(f64) -> f64, widen: f64) {
    for run in points.chunk_by(|a, b| a.estimated.is_some() == b.estimated.is_some()) {
        let ends = run.iter().filter_map(|point| {
            let judged = point.estimated?;
            let (lower, upper) = judged.range?;
            let reach = |end: f64| judged.value + widen * (end - judged.value);
            Some((point.x, reach(lower), reach(upper)))
        });
        let mut ends: Vec<(f64, f64, f64)> = ends.collect();
        // A single window is as wide as it can be seen.
        if let [(x, lower, upper)] = ends[..] {
            ends = vec![(x - 6.0, lower, upper), (x + 6.0, lower, upper)];
        }
        if ends.is_empty() {
            continue;
        }
        push(svg, format_args!("<path class=\"{class}\" d=\""));
        for (place, (x, _, upper)) in ends.iter().enumerate() {
            push(svg, format_args!("{}{x:.1} {:.1}", if place == 0 { 'M' } else { 'L' }, y(*upper)));
        }
        for (x, lower, _) in ends.iter().rev() {
            push(svg, format_args!("L{x:.1} {:.1}", y(*lower)));
        }
        svg.push_str("Z\"/>");
    }
}

fn line(
    svg: &mut String,
    points: &[Point],
    class: &str,
    y: impl Fn(f64) -> f64,
    of: impl Fn(&Point) -> Option<Judged>,
) {
    push(svg, format_args!("<path class=\"{class}\" d=\""));
    let mut is_on = false;
    for point in points {
        match of(point) {
            Some(judged) => {
                push(svg, format_args!("{}{:.1} {:.1}", if is_on { 'L' } else { 'M' }, point.x, y(judged.value)));
                is_on = true;
            }
            None => is_on = false,
        }
    }
    svg.push_str("\"/>");
}

fn mark(svg: &mut String, point: &Point, is_worse: bool, y: impl Fn(f64) -> f64) {
    let Some(judged) = point.realised else { return };
    let x = point.x;
    if let Some((lower, upper)) = judged.range {
        push(svg, format_args!("<path class=\"tm-whisker\" d=\"M{x:.1} {:.1}V{:.1}\"/>", y(lower), y(upper)));
    }
    let class = match (is_worse, point.share_labelled >= 0.9 && !judged.is_of_few) {
        (true, _) => "tm-mark tm-mark--worse",
        (false, true) => "tm-mark",
        (false, false) => "tm-mark tm-mark--few",
    };
    push(
        svg,
        format_args!(
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{:.1}\" r=\"4\"><title>{} of the labels: {}</title></circle>",
            y(judged.value),
            format::share(point.share_labelled),
            format::number(judged.value),
        ),
    );
}

/// A small triangle under the window in which a detector raised an alarm.
fn alarm_mark(svg: &mut String, alarm: &Alarm, windows: &[PerformanceWindow], points: &[Point]) {
    let place = windows.partition_point(|window| window.window.to < alarm.at).min(points.len().saturating_sub(1));
    let Some(point) = points.get(place) else { return };
    let (x, bottom) = (point.x, HEIGHT - BOTTOM + 12.0);
    push(
        svg,
        format_args!(
            "<path class=\"tm-alarm\" d=\"M{:.1} {bottom}h10l-5 -9z\"><title>{}: alarm on the {}</title></path>",
            x - 5.0,
            alarm.detector,
            alarm.series.name(),
        ),
    );
}

fn push(svg: &mut String, text: std::fmt::Arguments<'_>) {
    svg.write_fmt(text).expect("writing to a string does not fail");
}

/// Where the change since the reference comes from, window by window: a bar for the inputs, one for the relation, and what chance makes
/// of the latter.
pub fn split_bars(performance: &Performance, metric: &str) -> String {
    let splits: Vec<_> =
        performance.windows.iter().map(|window| window.splits.iter().find(|split| split.metric == metric)).collect();
    let reach = splits.iter().flatten().flat_map(|split| [split.inputs.abs(), split.relation.abs(), split.chance]);
    let reach = reach.fold(1e-3, f64::max) * 1.1;
    let (height, bottom) = (220.0, 12.0);
    let y = |value: f64| TOP + (height - TOP - bottom) * (1.0 - (value + reach) / (2.0 * reach));
    let step = (WIDTH - LEFT - RIGHT) / splits.len().max(1) as f64;
    let width = (step * 0.32).min(26.0);
    let mut svg = format!(
        "<svg class=\"tm-wide\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"The part of the inputs and of the relation in the change of every window\">"
    );
    axis(&mut svg, -reach, reach, y);
    for (split, place) in splits.iter().zip(0_u32..) {
        let Some(split) = *split else { continue };
        let x = LEFT + step * (f64::from(place) + 0.5);
        push(
            &mut svg,
            format_args!(
                "<rect class=\"tm-chance\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                y(split.chance),
                width + 2.0,
                y(-split.chance) - y(split.chance),
            ),
        );
        for (value, class, left) in [
            (split.inputs, "tm-inputs", x - width - 1.0),
            (
                split.relation,
                if split.relation.abs() > split.chance { "tm-relation" } else { "tm-relation tm-relation--chance" },
                x + 1.0,
            ),
        ] {
            let (from, to) = (y(value.max(0.0)), y(value.min(0.0)));
            push(
                &mut svg,
                format_args!(
                    "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{from:.1}\" width=\"{width:.1}\" height=\"{:.1}\"/>",
                    (to - from).max(1.0),
                ),
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

/// What was said against what came: points near the diagonal are well calibrated.
pub fn reliability_diagram(found: &tidemark::performance::reliability::Reliability) -> String {
    let (size, left, bottom) = (320.0, 44.0, 30.0);
    let x = |share: f64| left + (size - left - 10.0) * share;
    let y = |share: f64| 10.0 + (size - bottom - 10.0) * (1.0 - share);
    let mut svg = format!(
        "<svg class=\"tm-square\" viewBox=\"0 0 {size} {size}\" role=\"img\" aria-label=\"Reliability diagram\">"
    );
    for tick in [0.0, 0.5, 1.0] {
        push(&mut svg, format_args!("<path class=\"tm-axis\" d=\"M{:.1} {:.1}H{:.1}\"/>", x(0.0), y(tick), x(1.0)));
        let label = format::share(tick);
        push(
            &mut svg,
            format_args!(
                "<text class=\"tm-text\" text-anchor=\"end\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>",
                left - 6.0,
                y(tick) + 4.0
            ),
        );
        let anchor = if tick == 1.0 { "end" } else { "middle" };
        push(
            &mut svg,
            format_args!(
                "<text class=\"tm-text\" text-anchor=\"{anchor}\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>",
                x(tick),
                size - 8.0
            ),
        );
    }
    push(
        &mut svg,
        format_args!("<path class=\"tm-limit\" d=\"M{:.1} {:.1}L{:.1} {:.1}\"/>", x(0.0), y(0.0), x(1.0), y(1.0)),
    );
    for bin in &found.bins {
        let Some(share) = bin.share_positive.value() else { continue };
        let at = x(bin.mean_probability);
        if let Some(interval) = bin.share_positive.interval() {
            push(
                &mut svg,
                format_args!(
                    "<path class=\"tm-whisker\" d=\"M{at:.1} {:.1}V{:.1}\"/>",
                    y(interval.lower),
                    y(interval.upper)
                ),
            );
        }
        push(&mut svg, format_args!("<circle class=\"tm-mark\" cx=\"{at:.1}\" cy=\"{:.1}\" r=\"4\"/>", y(share)));
    }
    svg.push_str("</svg>");
    svg
}

/// What every threshold would have earned. `best` and `asked` are marked.
pub fn worth_curve(curve: &[(f64, f64)], best: Option<f64>, asked: Option<f64>) -> String {
    let totals = || curve.iter().map(|(_, total)| *total);
    let (low, high) = totals().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    let (first, last) = match (curve.last(), curve.first()) {
        (Some((first, _)), Some((last, _))) if first < last && low < high => (*first, *last),
        _ => return String::new(),
    };
    let (width, height, left, bottom) = (480.0, 240.0, 64.0, 30.0);
    let x = |threshold: f64| left + (width - left - 12.0) * ((threshold - first) / (last - first)).clamp(0.0, 1.0);
    let y = |total: f64| 10.0 + (height - bottom - 10.0) * (1.0 - (total - low) / (high - low));
    let mut svg = format!(
        "<svg class=\"tm-square\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"Worth of the window at every threshold\">"
    );
    for tick in ticks(low, high) {
        push(&mut svg, format_args!("<path class=\"tm-axis\" d=\"M{left} {:.1}H{}\"/>", y(tick), width - 12.0));
        push(
            &mut svg,
            format_args!(
                "<text class=\"tm-text\" text-anchor=\"end\" x=\"{}\" y=\"{:.1}\">{}</text>",
                left - 6.0,
                y(tick) + 4.0,
                format::number(tick)
            ),
        );
    }
    for threshold in [first, f64::midpoint(first, last), last] {
        let anchor = if threshold == last { "end" } else { "middle" };
        push(
            &mut svg,
            format_args!(
                "<text class=\"tm-text\" text-anchor=\"{anchor}\" x=\"{:.1}\" y=\"{}\">{}</text>",
                x(threshold),
                height - 8.0,
                format::number((threshold * 1e4).round() / 1e4)
            ),
        );
    }
    for (threshold, class) in [(best, "tm-best"), (asked, "tm-limit")] {
        if let Some(threshold) = threshold {
            push(
                &mut svg,
                format_args!("<path class=\"{class}\" d=\"M{:.1} 10V{:.1}\"/>", x(threshold), height - bottom),
            );
        }
    }
    svg.push_str("<path class=\"tm-realised\" d=\"");
    for (place, (threshold, total)) in curve.iter().enumerate() {
        push(&mut svg, format_args!("{}{:.1} {:.1}", if place == 0 { 'M' } else { 'L' }, x(*threshold), y(*total)));
    }
    svg.push_str("\"/></svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(ticks(0.0, 1.0).len(), 6);
        let found = ticks(0.83, 0.97);
        assert!(found.len() >= 2 && found.iter().all(|tick| (0.83..=0.971).contains(tick)), "{found:?}");
        assert_eq!(ticks(-120.0, 900.0), [0.0, 200.0, 400.0, 600.0, 800.0]);
    }
}
