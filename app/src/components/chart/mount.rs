//! ECharts in the browser. The only file that touches it.

use leptos::html::Div;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, ResizeObserver};

use super::Draw;
use crate::charts::{Palette, paint};
use crate::components::theme_toggle::ThemeVersion;
use crate::scripts;

#[wasm_bindgen]
extern "C" {
    /// One chart on one element.
    #[derive(Clone)]
    type Echarts;

    #[wasm_bindgen(js_namespace = echarts, js_name = init)]
    fn init(host: &HtmlElement) -> Echarts;

    #[wasm_bindgen(method, js_name = setOption)]
    fn set_option(this: &Echarts, option: &JsValue, not_merge: bool);

    #[wasm_bindgen(method)]
    fn resize(this: &Echarts);

    #[wasm_bindgen(method)]
    fn dispose(this: &Echarts);
}

/// Everything that has to go when the chart goes.
struct Drawing {
    chart: Echarts,
    resizes: ResizeObserver,
    _on_resize: Closure<dyn Fn()>,
}

impl Drop for Drawing {
    fn drop(&mut self) {
        self.resizes.disconnect();
        // ECharts keeps every chart alive that nobody disposed of.
        self.chart.dispose();
    }
}

/// Draws into `host` once ECharts is loaded, and again whenever a signal in `draw` or the theme changes.
pub fn mount(host: NodeRef<Div>, draw: Draw, drawn: RwSignal<bool>) {
    let theme = use_context::<ThemeVersion>();
    let loaded = RwSignal::new(false);
    Effect::new(move || {
        spawn_local(async move {
            // Without it the still pictures stay.
            if scripts::load("echarts.js").await {
                // The page may have gone in the meantime.
                loaded.try_set(true);
            }
        });
    });
    let drawing = StoredValue::new_local(None::<Drawing>);
    // How often it was begun to draw: the latest is what is shown, whichever is ready first.
    let turn = StoredValue::new(0_u32);
    Effect::new(move || {
        let Some(host) = host.get().filter(|_| loaded.get()) else { return };
        if let Some(ThemeVersion(version)) = theme {
            version.track();
        }
        let palette = palette(&host);
        let picture = draw();
        turn.update_value(|turn| *turn += 1);
        let mine = turn.get_value();
        spawn_local(async move {
            let Ok(option) = paint(picture, palette).await else { return };
            // The page may have gone in the meantime.
            if turn.try_get_value() != Some(mine) {
                return;
            }
            let option = js_sys::JSON::parse(&option).unwrap_or(JsValue::NULL);
            drawing.update_value(|drawing| {
                let drawing = drawing.get_or_insert_with(|| start(&host));
                // Every colour is in the option, so that a new theme needs no new chart.
                drawing.chart.set_option(&option, true);
            });
            drawn.set(true);
        });
    });
    on_cleanup(move || {
        drawing.try_update_value(Option::take);
    });
}

fn start(host: &HtmlElement) -> Drawing {
    let chart = init(host);
    let resized = chart.clone();
    let on_resize = Closure::<dyn Fn()>::new(move || resized.resize());
    let resizes = ResizeObserver::new(on_resize.as_ref().unchecked_ref()).expect("the callback is a function");
    resizes.observe(host);
    Drawing { chart, resizes, _on_resize: on_resize }
}

/// Reads the colours as the browser computes them: custom properties may hold `light-dark()`, which a canvas can't read.
fn palette(host: &HtmlElement) -> Palette {
    let probe = document().create_element("i").expect("`i` is an element").unchecked_into::<HtmlElement>();
    let _ = host.append_child(&probe);
    let computed = |property: &str| {
        let style = window().get_computed_style(&probe).ok().flatten();
        style.and_then(|style| style.get_property_value(property).ok()).unwrap_or_default()
    };
    let palette = Palette::read(
        |property| {
            let _ = probe.style().set_property("color", &format!("var({property})"));
            computed("color")
        },
        computed("font-family"),
    );
    probe.remove();
    palette
}
