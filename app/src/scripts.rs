//! Scripts that a page loads when it comes to need them. Only browsers have them.

use js_sys::Promise;
use leptos::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlScriptElement;

use crate::assets::AssetVersion;

/// Loads one of the site's scripts, once however often it is asked for. False when it could not be loaded.
pub async fn load(file: &'static str) -> bool {
    thread_local! {
        static SCRIPTS: RefCell<BTreeMap<&'static str, Promise>> = const { RefCell::new(BTreeMap::new()) };
    }
    let script = SCRIPTS.with(|scripts| scripts.borrow_mut().entry(file).or_insert_with(|| request(file)).clone());
    JsFuture::from(script).await.is_ok()
}

fn request(file: &str) -> Promise {
    Promise::new(&mut |loaded, failed| {
        let element = document().create_element("script").expect("`script` is an element");
        let script: HtmlScriptElement = element.unchecked_into();
        script.set_src(&AssetVersion::of_page().href(file));
        script.set_onload(Some(&loaded));
        script.set_onerror(Some(&failed));
        let _ = document().head().expect("every page has a head").append_child(&script);
    })
}
