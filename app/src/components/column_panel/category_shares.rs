//! Both sides of a categorical column: a bar for every category, what is new and what has vanished marked.

use leptos::prelude::*;
use tidemark::report::CategoryShare;

use super::share_table::{Mark, ShareRow, ShareTable};
use crate::components::chart_frame::SideLegend;

/// The bars, in the order of the report.
#[component]
pub fn CategoryShares(
    /// The most frequent categories.
    categories: Vec<CategoryShare>,
    /// How many further ones there are.
    n_others: u64,
    /// What these add up to, reference then current.
    others: [f64; 2],
) -> impl IntoView {
    let rows = rows(categories, n_others, others);
    view! {
        <SideLegend/>
        <ShareTable caption="Categories" of="Category" rows/>
    }
    .into_any()
}

fn rows(categories: Vec<CategoryShare>, n_others: u64, others: [f64; 2]) -> Vec<ShareRow> {
    // On a side without any value nothing is new and nothing has vanished.
    let has_values = |side: fn(&CategoryShare) -> f64| categories.iter().any(|category| side(category) > 0.0);
    let is_whole = has_values(|category| category.reference) && has_values(|category| category.current);
    let rest = (n_others > 0).then(|| ShareRow {
        name: format!("{n_others} more"),
        reference: others[0],
        current: others[1],
        mark: None,
    });
    let named = categories.into_iter().map(|CategoryShare { name, reference, current }| {
        let mark = match (reference == 0.0, current == 0.0) {
            (true, false) if is_whole => Some(Mark::New),
            (false, true) if is_whole => Some(Mark::Vanished),
            _ => None,
        };
        ShareRow { name, reference, current, mark }
    });
    named.chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(name: &str, reference: f64, current: f64) -> CategoryShare {
        CategoryShare { name: name.to_owned(), reference, current }
    }

    #[test]
    fn what_one_side_alone_has_is_new_or_vanished() {
        let categories = vec![share("stays", 0.5, 0.25), share("comes", 0.0, 0.75), share("goes", 0.5, 0.0)];
        let marks: Vec<Option<Mark>> = rows(categories, 0, [0.0; 2]).into_iter().map(|row| row.mark).collect();
        assert_eq!(marks, [None, Some(Mark::New), Some(Mark::Vanished)]);
    }

    #[test]
    fn where_a_side_has_no_values_nothing_is_marked_and_the_rest_never_is() {
        let rows = rows(vec![share("a", 0.0, 0.9)], 3, [0.0, 0.1]);
        assert!(rows.iter().all(|row| row.mark.is_none()), "{rows:?}");
        assert_eq!(rows[1].name, "3 more");
    }
}
