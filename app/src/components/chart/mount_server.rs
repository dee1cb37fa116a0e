//! The server's side of `mount.rs`: the still picture stays.

use leptos::html::Div;
use leptos::prelude::*;

use super::Draw;

pub fn mount(_host: NodeRef<Div>, _draw: Draw, _drawn: RwSignal<bool>) {}
