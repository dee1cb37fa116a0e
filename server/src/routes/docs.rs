//! `GET /docs`: the API for people to read and to try, made from the OpenAPI document on the server.
//!
//! A page of our own instead of a bundled viewer: it is readable without a script, weighs a hundredth, and needs no
//! exception from the policy that lets nothing run but our own files. `docs.js` adds only the sending.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse};
use serde_json::Value;
use std::fmt::Write;

use super::AppState;
use super::openapi::METHODS;
use crate::assets;

/// Scripts and styles from here alone, and requests to here alone.
pub(super) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'",
);

/// This interface, to read and to try
#[utoipa::path(
    get, path = "/docs", tag = "documentation", security(("key" = ["read"])),
    responses((status = 200, description = "A page", body = String, content_type = "text/html")),
)]
pub(super) async fn docs(State(state): State<AppState>) -> impl IntoResponse {
    let document: Value = serde_json::from_str(&state.front.openapi_json()).expect("it was written by serde_json");
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    (headers, Html(page(&document)))
}

pub(super) async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("docs/docs.js"))
}

pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("docs/docs.css"))
}

/// The document as a page.
fn page(document: &Value) -> String {
    let version = assets::version().map(|version| format!("?v={version}")).unwrap_or_default();
    let (mut index, mut operations) = (String::new(), String::new());
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = text(&tag["name"]);
        put(&mut index, format_args!("<li><h2>{}</h2><ul>", escaped(name)));
        put(
            &mut operations,
            format_args!("<h2>{}</h2><p class=\"muted\">{}</p>", escaped(name), prose(text(&tag["description"]))),
        );
        for (path, method, operation) in operations_of(document, name) {
            let id = anchor(method, path);
            put(
                &mut index,
                format_args!("<li><a href=\"#{id}\">{}<code>{}</code></a></li>", badge(method), address(path)),
            );
            operations.push_str(&section(path, method, operation, &id));
        }
        index.push_str("</ul></li>");
    }
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>API · Tidemark</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <link rel=\"stylesheet\" href=\"/pkg/tidemark.css{version}\"><link rel=\"stylesheet\" href=\"/docs.css\">\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\"><script src=\"/docs.js\" defer></script></head>\
         <body class=\"plain\"><header class=\"docs-header\"><a href=\"/\">Tidemark</a><span>API {api}</span>\
         <a href=\"/openapi.json\">OpenAPI {openapi}</a></header>\
         <div class=\"docs\"><nav aria-label=\"Operations\"><ul>{index}</ul></nav>\
         <main><h1>API</h1><p>{about}</p>{operations}<h2>Schemas</h2>{schemas}</main></div></body></html>",
        api = escaped(text(&document["info"]["version"])),
        openapi = escaped(text(&document["openapi"])),
        about = prose(text(&document["info"]["description"])),
        schemas = schemas(document),
    )
}

/// The operations of a tag, in the order of their addresses.
fn operations_of<'a>(
    document: &'a Value,
    tag: &'a str,
) -> impl Iterator<Item = (&'a String, &'static str, &'a Value)> + 'a {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(move |(path, item)| {
        let operations = METHODS.into_iter().filter_map(move |method| Some((path, method, item.get(method)?)));
        operations.filter(move |(_, _, operation)| operation["tags"][0] == tag)
    })
}

fn section(path: &str, method: &str, operation: &Value, id: &str) -> String {
    let mut html = format!(
        "<section id=\"{id}\" class=\"operation\"><h3>{}<code>{}</code></h3><p><strong>{}</strong> {}</p><p class=\"muted\">{}</p>",
        badge(method),
        address(path),
        prose(text(&operation["summary"])),
        prose(text(&operation["description"])),
        escaped(&role(operation)),
    );
    let parameters: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
    if !parameters.is_empty() {
        html.push_str("<h4>Parameters</h4><table><tbody>");
        for parameter in &parameters {
            let (name, place, what) = (&parameter["name"], &parameter["in"], &parameter["description"]);
            put(
                &mut html,
                format_args!(
                    "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td></tr>",
                    escaped(text(name)),
                    escaped(text(place)),
                    prose(text(what))
                ),
            );
        }
        html.push_str("</tbody></table>");
    }
    let body = operation.get("requestBody");
    if let Some(body) = body {
        put(&mut html, format_args!("<h4>Body</h4><p>{}</p>", prose(text(&body["description"]))));
        html.push_str(&contents(&body["content"]));
    }
    html.push_str("<h4>Answers</h4><table><tbody>");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        put(
            &mut html,
            format_args!(
                "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td></tr>",
                escaped(status),
                prose(text(&response["description"])),
                contents(&response["content"])
            ),
        );
    }
    html.push_str("</tbody></table>");
    // Filled in by the script, which alone can send it.
    put(
        &mut html,
        format_args!(
            "<form class=\"try\" data-method=\"{method}\" data-path=\"{}\" hidden><h4>Try it</h4>",
            escaped(path)
        ),
    );
    for parameter in parameters {
        let (name, place) = (escaped(text(&parameter["name"])), escaped(text(&parameter["in"])));
        put(
            &mut html,
            format_args!("<label>{name}<input name=\"{name}\" data-in=\"{place}\" spellcheck=\"false\"></label>"),
        );
    }
    if let Some((kind, content)) = body.and_then(|body| body["content"].as_object()?.iter().next()) {
        let example = content.get("example").map_or_else(String::new, pretty);
        put(
            &mut html,
            format_args!(
                "<label>Body<textarea name=\"body\" rows=\"6\" data-kind=\"{}\" spellcheck=\"false\">{}</textarea></label>",
                escaped(kind),
                escaped(&example)
            ),
        );
    }
    html.push_str("<button type=\"submit\">Send</button><pre class=\"answer\" aria-live=\"polite\" hidden></pre></form></section>");
    html
}

/// Whose key may use it.
fn role(operation: &Value) -> String {
    let requirements: Vec<&Value> = operation["security"].as_array().into_iter().flatten().collect();
    let roles: Vec<&str> =
        requirements.iter().filter_map(|one| one["key"].as_array()).flatten().filter_map(Value::as_str).collect();
    if requirements.iter().any(|one| one.get("key").is_none()) {
        "No key needed.".to_owned()
    } else if roles.is_empty() {
        "Key: admin.".to_owned()
    } else {
        format!("Key: {}.", roles.join(" or "))
    }
}

fn contents(content: &Value) -> String {
    let mut html = String::new();
    for (kind, content) in content.as_object().into_iter().flatten() {
        put(&mut html, format_args!("<code>{}</code> {}<br>", escaped(kind), schema_name(&content["schema"])));
    }
    html
}

/// A schema by its name, with a link, or by its type.
fn schema_name(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        let name = escaped(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    if let Some(items) = schema.get("items") {
        return format!("array of {}", schema_name(items));
    }
    match &schema["type"] {
        Value::String(kind) => escaped(kind),
        Value::Array(kinds) => escaped(&kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")),
        _ => {
            let any = ["oneOf", "anyOf"].iter().find_map(|key| schema[*key].as_array());
            let names = any.into_iter().flatten().map(schema_name);
            names.collect::<Vec<_>>().join(" or ")
        }
    }
}

fn schemas(document: &Value) -> String {
    let mut html = String::new();
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let name = escaped(name);
        put(
            &mut html,
            format_args!(
                "<section id=\"schema-{name}\"><h3><code>{name}</code></h3><p>{}</p>",
                prose(text(&schema["description"]))
            ),
        );
        html.push_str("<table><tbody>");
        for (field, of) in schema["properties"].as_object().into_iter().flatten() {
            put(
                &mut html,
                format_args!(
                    "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td></tr>",
                    escaped(field),
                    schema_name(of),
                    prose(text(&of["description"]))
                ),
            );
        }
        html.push_str("</tbody></table></section>");
    }
    html
}

fn badge(method: &str) -> String {
    format!("<span class=\"method {method}\">{}</span>", method.to_uppercase())
}

fn anchor(method: &str, path: &str) -> String {
    let name: String = path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("{method}{name}")
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A description: what stands between backticks is code. An odd one stays a backtick.
fn prose(text: &str) -> String {
    let pieces: Vec<&str> = text.split('`').collect();
    let mut html = String::new();
    for (i, piece) in pieces.iter().enumerate() {
        match (i % 2 == 1, i + 1 == pieces.len()) {
            (false, _) => html.push_str(&escaped(piece)),
            (true, false) => put(&mut html, format_args!("<code>{}</code>", escaped(piece))),
            (true, true) => put(&mut html, format_args!("`{}", escaped(piece))),
        }
    }
    html
}

/// A path that may go on in the next line after a slash, and nowhere else.
fn address(path: &str) -> String {
    let (first, rest) = path.split_at(path.len().min(1));
    format!("{first}{}", escaped(rest).replace('/', "/<wbr>"))
}

fn put(html: &mut String, piece: std::fmt::Arguments<'_>) {
    html.write_fmt(piece).expect("writing to memory does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_operation_is_on_the_page_and_text_stays_text() {
        let document = json!({
            "openapi": "3.1.0", "info": { "version": "1", "description": "<script>alert(1)</script>" },
            "tags": [{ "name": "a", "description": "A" }],
            "paths": { "/x/{id}": {
                "get": { "tags": ["a"], "summary": "Reads", "responses": { "200": { "description": "ok" } } },
                "post": { "tags": ["a"], "summary": "Writes", "security": [{ "key": ["ingest"] }], "responses": {} },
            } },
        });
        let html = page(&document);
        assert!(html.contains("id=\"get-x--id-\"") && html.contains("id=\"post-x--id-\""), "{html}");
        assert!(html.contains("Key: ingest.") && html.contains("Key: admin."));
        assert!(!html.contains("<script>alert"));
        assert!(html.contains("<code>/x/<wbr>{id}</code>"), "{html}");
        assert!(!html.contains(" style=\"") && !html.contains("http://") && !html.contains("https://"));
    }

    #[test]
    fn words_between_backticks_are_code_and_still_text() {
        assert_eq!(prose("`id` or `<b>`, & more"), "<code>id</code> or <code>&lt;b&gt;</code>, &amp; more");
        assert_eq!(prose("a ` alone"), "a ` alone");
        assert_eq!(prose(""), "");
    }
}
