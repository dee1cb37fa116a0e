//! Links to reports, as a browser makes and opens them.

use js_sys::{Array, JSON, Reflect, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStream, ReadableWritablePair, Request, RequestInit, Response};

use crate::error::AppError;

// Of these `web-sys` has only unstable bindings; browsers have had them since 2023.
#[wasm_bindgen]
extern "C" {
    type CompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<CompressionStream, JsValue>;

    type DecompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;
}

const FORMAT: &str = "deflate-raw";

/// What stands before a packed report in an address.
const MARK: &str = "#report=";

/// Longer addresses are cut by some browsers.
const LONGEST: usize = 1 << 20;

fn transport(error: &JsValue) -> AppError {
    AppError::Transport { reason: format!("{error:?}") }
}

/// Sends a report to be shared, and gives the path of its link.
pub async fn post(json: &str, title: &str, expires_in: &str) -> Result<String, AppError> {
    let mut fields = vec![format!("\"report\":{json}"), format!("\"title\":{}", quoted(title))];
    if !expires_in.is_empty() {
        fields.push(format!("\"expires_in\":{}", quoted(expires_in)));
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&format!("{{{}}}", fields.join(",")).into());
    let request = Request::new_with_str_and_init("/api/v1/shares", &init).map_err(|error| transport(&error))?;
    request.headers().set("content-type", "application/json").map_err(|error| transport(&error))?;
    let response = JsFuture::from(window().fetch_with_request(&request)).await.map_err(|error| transport(&error))?;
    let response: Response = response.unchecked_into();
    let answer = JsFuture::from(response.json().map_err(|error| transport(&error))?).await;
    let text = |name: &str| {
        let field = answer.as_ref().ok().and_then(|answer| Reflect::get(answer, &name.into()).ok());
        field.and_then(|field| field.as_string())
    };
    match text("path") {
        Some(path) if response.ok() => Ok(path),
        _ => {
            Err(AppError::Refused { reason: text("detail").unwrap_or_else(|| format!("status {}", response.status())) })
        }
    }
}

fn quoted(text: &str) -> String {
    JSON::stringify(&text.into()).map(String::from).unwrap_or_default()
}

/// A report packed so that it fits into an address: deflated, in the alphabet of addresses.
pub async fn packed(json: &str) -> Result<String, AppError> {
    let bytes = through(json.as_bytes(), CompressionStream::new(FORMAT).map(Into::into)).await;
    let bytes = bytes.map_err(|error| transport(&error))?;
    let letters: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let letters = window().btoa(&letters).map_err(|error| transport(&error))?;
    if letters.len() > LONGEST {
        return Err(AppError::Refused {
            reason: "the report is too large for an address; make a link on the server, or download it".to_owned(),
        });
    }
    Ok(letters.replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned())
}

/// Hands the report that the address carries to `then`, or says why it cannot be read. False if it carries none.
pub fn carried(then: impl FnOnce(Result<String, String>) + 'static) -> bool {
    let hash = window().location().hash().unwrap_or_default();
    let Some(letters) = hash.strip_prefix(MARK) else { return false };
    let letters = letters.replace('-', "+").replace('_', "/");
    spawn_local(async move {
        let broken = |_| "The link is not whole: it was cut on its way, or is no link to a report.".to_owned();
        let json = async {
            let letters = window().atob(&letters).map_err(broken)?;
            let bytes: Vec<u8> = letters.chars().map(|letter| letter as u8).collect();
            let stream = DecompressionStream::new(FORMAT).map(Into::into);
            String::from_utf8(through(&bytes, stream).await.map_err(broken)?).map_err(|_no_text| broken(JsValue::NULL))
        };
        then(json.await);
    });
    true
}

/// Bytes sent through a stream that packs or unpacks them.
async fn through(bytes: &[u8], stream: Result<JsValue, JsValue>) -> Result<Vec<u8>, JsValue> {
    let pair: ReadableWritablePair = stream?.unchecked_into();
    let blob = Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes)))?;
    let packed: ReadableStream = blob.stream().pipe_through(&pair);
    let response = Response::new_with_opt_readable_stream(Some(&packed))?;
    let buffer = JsFuture::from(response.array_buffer()?).await?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

/// The path as a whole address.
pub fn absolute(path: &str) -> String {
    format!("{}{path}", window().location().origin().unwrap_or_default())
}

/// Puts a text where it can be pasted from.
pub fn copy(text: &str) {
    drop(window().navigator().clipboard().write_text(text));
}
