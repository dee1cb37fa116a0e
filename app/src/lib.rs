//! Tidemark's pages: rendered on the server, hydrated in the browser.
//!
//! The same components run on both sides. What only a server or only a browser can do is kept in few places: the bodies
//! of server functions ([`api`]), effects (which never run on a server), and pairs of files called `x.rs` and
//! `x_server.rs`, of which the second does nothing.

#[cfg(all(feature = "ssr", feature = "hydrate"))]
compile_error!("`ssr` and `hydrate` exclude each other: the first is the server's, the second the browser's");

pub mod api;
mod app;
pub mod assets;
#[cfg(feature = "ssr")]
pub mod backend;
pub mod charts;
pub mod components;
pub mod detectors;
pub mod error;
pub mod format;
pub mod keys;
pub mod lab;
pub mod live;
pub mod models;
pub mod monitor;
pub mod pages;
pub mod parts;
pub mod performance;
pub mod places;
pub mod quality;
pub mod report_query;
pub mod report_summary;
#[cfg(feature = "hydrate")]
mod scripts;
pub mod timeline;
pub mod watching;
pub mod windows;

pub use app::{App, shell};

/// Takes over the page that the server rendered. The script in [`shell`] calls it once.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    // A panic would otherwise read "unreachable executed".
    std::panic::set_hook(Box::new(|panic| leptos::logging::error!("{panic}")));
    leptos::mount::hydrate_lazy(App);
}
