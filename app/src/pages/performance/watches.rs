//! What is watched event by event, and the alarms of the detectors.

use leptos::prelude::*;
use tidemark::anytime::Change;
use tidemark::render::format;

use crate::components::moment::Moment;
use crate::components::plain_table::{Head, PlainTable};
use crate::performance::{Alarm, Performance, Series, WatchLine};

/// Alarms that are shown at once; the others unfold.
const SHOWN: usize = 10;

/// A line per series, then a table of alarms.
#[component]
pub fn Watches(found: StoredValue<Performance>) -> impl IntoView {
    let (watches, alarms) = found.with_value(|found| (found.watches.clone(), found.alarms.clone()));
    let bench = found.with_value(|found| format!("/detectors?model={}", found.model));
    let has_any = !watches.is_empty() || !alarms.is_empty();
    has_any.then(|| {
        view! {
            <section class="stack" aria-labelledby="watched">
                <h2 id="watched" class="section-title">"Watched event by event"</h2>
                <ul class="watches">
                    {watches.iter().map(|line| view! { <li>{in_words(line)}</li> }).collect_view()}
                </ul>
                <p class="page__subtitle"><a href=bench.clone()>"Try which detector suits this model"</a></p>
                {if alarms.is_empty() {
                    view! { <p class="page__subtitle">"No detector has raised an alarm."</p> }.into_any()
                } else {
                    let mut alarms = alarms;
                    let earlier = alarms.split_off(alarms.len().min(SHOWN));
                    view! {
                        <Alarms alarms/>
                        {(!earlier.is_empty())
                            .then(|| {
                                view! {
                                    <details>
                                        <summary>{format!("{} before", format::plural(earlier.len() as u64, "alarm"))}</summary>
                                        <Alarms alarms=earlier/>
                                    </details>
                                }
                            })}
                    }
                        .into_any()
                }}
            </section>
        }
    })
}

#[component]
fn Alarms(alarms: Vec<Alarm>) -> impl IntoView {
    let line = |alarm: Alarm| {
        let change = match alarm.change {
            Some(Change::Up) => "rose",
            Some(Change::Down) => "fell",
            None => "changed",
        };
        view! {
            <tr>
                <th scope="row"><Moment at=alarm.at/></th>
                <td>{format!("{} {change}", words(alarm.series))}</td>
                <td>{alarm.detector}</td>
                <td class="plain-table__number">{format::number(alarm.recent)}</td>
                <td class="plain-table__number plain-table__wide">{format::count(alarm.event)}</td>
            </tr>
        }
    };
    view! {
        <PlainTable
            heads=[
                Head::new("When"),
                Head::new("What"),
                Head::new("Detector"),
                Head::number("Mean then"),
                Head::number("Event").wide(),
            ]
        >
            {alarms.into_iter().map(line).collect_view()}
        </PlainTable>
    }
    .into_any()
}

const fn words(series: Series) -> &'static str {
    match series {
        Series::Predictions => "Predictions",
        Series::Errors => "Errors",
    }
}

fn in_words(line: &WatchLine) -> String {
    let is_rate = line.is_rate;
    let number = |x: f64| if is_rate { format::share(x) } else { format::number(x) };
    let what = match (line.series, is_rate) {
        (Series::Predictions, true) => "rows called positive",
        (Series::Predictions, false) => "predictions",
        (Series::Errors, true) => "rows called wrong",
        (Series::Errors, false) => "errors",
    };
    let events = match line.series {
        Series::Predictions => format::plural(line.n_events, "prediction"),
        Series::Errors => format::plural(line.n_events, "label"),
    };
    let recent =
        line.recent.map_or_else(String::new, |recent| format!(", {} of about the last hundred", number(recent)));
    let expected = match (line.expected, line.lifetime_alpha) {
        (Some((lower, upper)), Some(alpha)) => format!(
            " From {} to {} is as it should be; the anytime-valid watch leaves that with a false alarm in at most {} of all lifetimes.",
            number(lower),
            number(upper),
            format::share(alpha)
        ),
        (None, Some(_)) if line.is_learning => " What is usual is being learnt from a thousand of them.".to_owned(),
        (None, Some(alpha)) => format!(
            " The anytime-valid watch holds their distribution against what is usual, with a false alarm in at most {} of all lifetimes.",
            format::share(alpha)
        ),
        _ => " Watched by ADWIN and PageHinkley, which promise nothing over a lifetime.".to_owned(),
    };
    format!("{events}: {what}{recent}.{expected}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_says_what_it_promises() {
        let mut line = WatchLine {
            series: Series::Errors,
            n_events: 2000,
            recent: Some(0.12),
            expected: Some((0.09, 0.11)),
            lifetime_alpha: Some(0.01),
            is_rate: true,
            is_learning: false,
        };
        assert!(
            in_words(&line).starts_with("2,000 labels: rows called wrong, 12.0% of about the last hundred. From 9")
        );
        assert!(in_words(&line).ends_with("at most 1.0% of all lifetimes."), "{}", in_words(&line));
        (line.expected, line.is_rate) = (None, false);
        assert!(in_words(&line).contains("holds their distribution"), "{}", in_words(&line));
        line.is_learning = true;
        assert!(in_words(&line).ends_with("learnt from a thousand of them."), "{}", in_words(&line));
        line.lifetime_alpha = None;
        assert!(in_words(&line).contains("promise nothing"));
    }
}
