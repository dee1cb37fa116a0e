//! Where the files of the site lie. Their addresses carry a version, so that a browser may keep them for ever.

use leptos::prelude::*;

/// The version in the addresses of scripts, styles and wasm. The server provides it as a context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetVersion(pub String);

impl Default for AssetVersion {
    fn default() -> Self {
        Self("dev".to_owned())
    }
}

impl AssetVersion {
    /// The version of the server's context, or the default.
    ///
    /// *On the server* only: a browser asks [`AssetVersion::of_page`].
    pub fn of_server() -> Self {
        use_context().unwrap_or_default()
    }

    /// The version that the server wrote into the page's head.
    ///
    /// *On the server* there is no page to ask; call it from effects and event handlers.
    pub fn of_page() -> Self {
        let meta = document().query_selector("meta[name=tidemark-assets]").ok().flatten();
        meta.and_then(|meta| meta.get_attribute("content")).map_or_else(Self::default, Self)
    }

    /// The address of one file: `/pkg/tidemark.css?v=…`.
    pub fn href(&self, file: &str) -> String {
        format!("/pkg/{file}?v={}", self.0)
    }
}
