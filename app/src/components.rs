//! What the pages are put together from. One component per file; its look lies in `style/components/` under its name.
//!
//! A component of any size ends in `into_any()`: the type of a view spells out all that is in it, and a page of pages
//! grows past what the compiler can lay out.

pub mod alert_list;
pub mod awaited;
pub mod chart;
pub mod chart_frame;
pub mod column_panel;
pub mod column_table;
pub mod dialog;
pub mod drift_history;
pub mod drift_strip;
pub mod effect_ruler;
pub mod empty_state;
pub mod error_state;
pub mod icon;
pub mod logo;
pub mod model_card;
pub mod model_switch;
pub mod moment;
pub mod overlay;
pub mod palette;
pub mod performance_card;
pub mod plain_table;
pub mod preview_chart;
pub mod quality_strip;
pub mod report_toolbar;
pub mod report_view;
pub mod run_list;
pub mod segmented;
pub mod severity_badge;
pub mod share_bar;
pub mod share_box;
pub mod site_footer;
pub mod site_header;
pub mod skeleton;
pub mod snapshot_list;
pub mod sparkline;
pub mod stat_tile;
pub mod status_badge;
pub mod tabs;
pub mod theme_toggle;
pub mod toast;
pub mod verdict_banner;
