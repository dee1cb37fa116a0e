//! The pages and charts of the app, without a browser.

mod charts;
mod datetime_card;
mod fixture;
mod ssr;
mod table_view;
