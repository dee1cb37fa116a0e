//! `/new-monitor` and `/monitors/{name}/edit`: what to watch, against what, when, and whom to tell; with what it would have found
//! in the past.

use leptos::form::FromFormData;
use leptos::html::Form;
use leptos::prelude::*;
use leptos::web_sys::FormData;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::api::{self, PreviewMonitor, SaveMonitor};
use crate::components::awaited::awaited;
use crate::components::preview_chart::PreviewChart;
use crate::error::AppError;
use crate::watching::{MonitorForm, MonitorFormPage as Page, RuleForm};

/// The page.
#[component]
pub fn MonitorFormPage() -> impl IntoView {
    let params = use_params_map();
    // Counted, as on the page of a monitor.
    let name = ArcMemo::new(move |_| params.with(|params| params.get("name")));
    let title = {
        let name = name.clone();
        move || name.get().map_or_else(|| "New monitor".to_owned(), |name| format!("Edit {name}"))
    };
    let form = Resource::new(move || name.get(), api::load_monitor_form);
    view! {
        <Title text=title/>
        {awaited("Monitor", "Loading", form, |page| view! { <Shown page/> }.into_any())}
    }
    .into_any()
}

/// What is wrong with the form: the setting, and why.
type Wrong = Memo<Option<(String, String)>>;

#[component]
fn Shown(page: Page) -> impl IntoView {
    let Page { form, models, channels, metrics } = page;
    let save = ServerAction::<SaveMonitor>::new();
    let preview = ServerAction::<PreviewMonitor>::new();
    let node = NodeRef::<Form>::new();
    let is_new = form.name.is_empty();
    // Its name stands in the title of a monitor that is there already.
    let shown_name = form.name.clone();
    let try_it = move || {
        let data = node.get_untracked().and_then(|form| FormData::new_with_form(&form).ok());
        if let Some(Ok(args)) = data.map(|data| PreviewMonitor::from_form_data(&data)) {
            preview.dispatch(args);
        }
    };
    // The first look needs no change.
    Effect::new(move || {
        if node.get().is_some() {
            try_it();
        }
    });
    let problem = Memo::new(move |_| save.value().get().and_then(Result::err));
    let wrong: Wrong = Memo::new(move |_| {
        let of_preview = || preview.value().get().and_then(Result::err);
        match problem.get().or_else(of_preview) {
            Some(AppError::Invalid { field, reason }) => Some((field, reason)),
            _ => None,
        }
    });
    provide_context(wrong);
    view! {
        <header>
            <p class="page__crumb"><a href="/monitors">"Monitors"</a></p>
            <h1 class="page__title">{if is_new { "New monitor".to_owned() } else { format!("Edit {shown_name}") }}</h1>
        </header>
        <div class="form-page">
            <ActionForm action=save node_ref=node attr:class="form" on:change=move |_| try_it()>
                <What form=form.clone() models is_new/>
                <When form=form.clone()/>
                <Against form=form.clone()/>
                <Rules rules=form.rules.clone() channels metrics/>
                <fieldset class="form__group">
                    <legend>"Judging"</legend>
                    <Field label="Settings, as TOML" setting="settings" hint="Only what differs from the defaults: judge, thresholds, tests by column">
                        <textarea class="input input--code" id="settings" name="form[settings]" rows="4" spellcheck="false">{form.settings.clone()}</textarea>
                    </Field>
                </fieldset>
                <div class="form__end">
                    <button class="button button--primary button--large" r#type="submit">
                        {if is_new { "Make it" } else { "Save" }}
                    </button>
                    <a class="button button--large" href="/monitors">"Cancel"</a>
                    <p class="problem" role="alert">
                        {move || problem.get().map(|error| error.to_string())}
                    </p>
                </div>
            </ActionForm>
            <aside class="form-page__side needs-script" aria-live="polite">
                <h2 class="section-title">"On past data"</h2>
                {move || {
                    let found = preview.value().get();
                    match found {
                        Some(Ok(preview)) => view! { <PreviewChart preview/> }.into_any(),
                        Some(Err(error)) => view! { <p class="problem">{error.to_string()}</p> }.into_any(),
                        None => view! { <p class="page__subtitle">"Comparing the latest windows…"</p> }.into_any(),
                    }
                }}
                <p class="page__note">
                    "The latest windows in the log, compared as they would have been; nothing is stored. It follows what you change."
                </p>
            </aside>
        </div>
    }
    .into_any()
}

/// A field with its label, and what is wrong with it.
#[component]
fn Field(
    label: &'static str,
    /// The setting's name, which is also the input's id.
    #[prop(into)]
    setting: String,
    #[prop(optional)] hint: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let id = setting.clone();
    let wrong = use_context::<Wrong>();
    let problem = move || {
        let (field, reason) = wrong?.get()?;
        (field == setting || field.starts_with(&format!("{setting}."))).then_some(reason)
    };
    view! {
        <div class="field">
            <label class="field__label" for=id>{label}</label>
            {children()}
            {hint.map(|hint| view! { <p class="field__hint">{hint}</p> })}
            <p class="field__problem">{problem}</p>
        </div>
    }
    .into_any()
}

/// A line of text.
#[component]
fn Text(
    label: &'static str,
    #[prop(into)] setting: String,
    #[prop(into)] name: String,
    value: String,
    #[prop(optional)] hint: Option<&'static str>,
    #[prop(optional)] placeholder: &'static str,
) -> impl IntoView {
    let id = setting.clone();
    view! {
        <Field label setting hint=hint.unwrap_or_default()>
            <input class="input" id=id name=name value=value placeholder=placeholder autocomplete="off" spellcheck="false"/>
        </Field>
    }
    .into_any()
}

/// One of several.
#[component]
fn Choice(
    label: &'static str,
    #[prop(into)] setting: String,
    #[prop(into)] name: String,
    value: String,
    /// Values and their words.
    choices: Vec<(String, String)>,
) -> impl IntoView {
    let id = setting.clone();
    let option = |(key, words): (String, String)| {
        let is_taken = key == value;
        view! { <option value=key selected=is_taken>{words}</option> }
    };
    let options = choices.into_iter().map(option).collect_view();
    view! {
        <Field label setting>
            <select class="input" id=id name=name>{options}</select>
        </Field>
    }
    .into_any()
}

fn words(choices: &[(&str, &str)]) -> Vec<(String, String)> {
    choices.iter().map(|(key, words)| ((*key).to_owned(), (*words).to_owned())).collect()
}

#[component]
fn What(form: MonitorForm, models: Vec<String>, is_new: bool) -> impl IntoView {
    let models = models.into_iter().map(|name| (name.clone(), name)).collect();
    let name = if is_new {
        view! { <Text label="Name" setting="name" name="form[name]" value=form.name placeholder="hourly" hint="Letters, digits, - _ and ."/> }.into_any()
    } else {
        view! { <input r#type="hidden" name="form[name]" value=form.name/> }.into_any()
    };
    view! {
        <fieldset class="form__group">
            <legend>"What"</legend>
            {name}
            <Choice label="Model" setting="model" name="form[model]" value=form.model choices=models/>
            <Text label="Version" setting="version" name="form[version]" value=form.version placeholder="any"/>
            <Text label="Columns" setting="columns" name="form[columns]" value=form.columns placeholder="all" hint="Separated by commas"/>
            <Text label="Segment: column" setting="segment.column" name="form[segment_column]" value=form.segment_column placeholder="all rows"/>
            <Text label="Segment: values" setting="segment.any_of" name="form[segment_values]" value=form.segment_values placeholder="DE, FR"/>
        </fieldset>
    }
    .into_any()
}

#[component]
fn When(form: MonitorForm) -> impl IntoView {
    view! {
        <fieldset class="form__group">
            <legend>"When"</legend>
            <Choice
                label="A window is"
                setting="window_kind"
                name="form[window_kind]"
                value=form.window_kind
                choices=words(&[("rows", "so many rows"), ("span", "so long")])
            />
            <Text label="Window" setting="window" name="form[window]" value=form.window hint="2000 rows, or 1h, 15m, 7d"/>
            <Choice
                label="It ends"
                setting="schedule_kind"
                name="form[schedule_kind]"
                value=form.schedule_kind
                choices=words(&[("every", "every so often"), ("rows", "after so many rows"), ("cron", "at the times of cron")])
            />
            <Text label="Schedule" setting="schedule" name="form[schedule]" value=form.schedule hint="10s, 1h; 500; or 0 6 * * 1-5 Europe/Berlin"/>
            <Text label="Rows at least" setting="min_rows" name="form[min_rows]" value=form.min_rows hint="Fewer are no window"/>
            <Text label="Wait for late predictions" setting="delay" name="form[delay]" value=form.delay placeholder="not at all" hint="5m; for labels rather 1d"/>
            <Choice
                label="After downtime"
                setting="missed"
                name="form[missed]"
                value=form.missed
                choices=words(&[("latest", "make the latest, show the gap"), ("all", "make up for all")])
            />
        </fieldset>
    }
    .into_any()
}

#[component]
fn Against(form: MonitorForm) -> impl IntoView {
    view! {
        <fieldset class="form__group">
            <legend>"Against"</legend>
            <Choice
                label="Reference"
                setting="reference_kind"
                name="form[reference_kind]"
                value=form.reference_kind
                choices=words(
                    &[
                        ("training", "what the model brought along"),
                        ("same_hours", "the same hours of earlier days and weeks"),
                        ("previous", "the window before"),
                        ("rolling", "everything so long before"),
                        ("after_deploy", "the first rows of the version"),
                        ("file", "a file in the folder references"),
                    ],
                )
            />
            <Text label="Span, rows or file" setting="reference" name="form[reference]" value=form.reference hint="For the last three: 7d, 2000, march.csv"/>
            <Text label="Days" setting="reference.same_hours.days" name="form[reference_days]" value=form.reference_days placeholder="7"/>
            <Text label="Weeks" setting="reference.same_hours.weeks" name="form[reference_weeks]" value=form.reference_weeks placeholder="4"/>
        </fieldset>
    }
    .into_any()
}

#[component]
fn Rules(rules: Vec<RuleForm>, channels: Vec<String>, metrics: Vec<String>) -> impl IntoView {
    // One that is empty, also for those without JavaScript.
    let count = RwSignal::new(rules.len().max(1));
    let hint = match channels.len() {
        0 => "No channel in the set-up file: alerts are on record alone".to_owned(),
        _ => format!("Of {}, separated by commas", channels.join(", ")),
    };
    let rules = StoredValue::new(rules);
    let rule = move |nth: usize| {
        let rule = rules.with_value(|rules| rules.get(nth).cloned()).unwrap_or_default();
        view! { <OneRule nth rule hint=hint.clone()/> }
    };
    view! {
        <fieldset class="form__group form__group--rules">
            <legend>"Alert rules"</legend>
            <p class="field__hint">
                "A rule without a name does not count. Figures of performance: " {metrics.join(", ")} "."
            </p>
            <For each=move || 0..count.get() key=|nth| *nth children=rule/>
            <button class="button button--small needs-script" r#type="button" on:click=move |_| count.update(|count| *count += 1)>
                "Another rule"
            </button>
        </fieldset>
    }
    .into_any()
}

#[component]
fn OneRule(nth: usize, rule: RuleForm, hint: String) -> impl IntoView {
    let setting = |name: &str| format!("alert[{nth}].{name}");
    let name = |name: &str| format!("form[rules][{nth}][{name}]");
    view! {
        <div class="rule" role="group" aria-label=format!("Rule {}", nth + 1)>
            <Text label="Name" setting=setting("name") name=name("name") value=rule.name placeholder="drift"/>
            <Choice
                label="When"
                setting=setting("kind")
                name=name("when")
                value=rule.when
                choices=words(
                    &[
                        ("drifted", "data or predictions drifted"),
                        ("predictions_drifted", "the predictions drifted"),
                        ("share", "share of drifted columns ≥ limit"),
                        ("column", "a column has the verdict"),
                        ("effect", "a column's effect ≥ limit"),
                        ("score", "a column's score beyond limit"),
                        ("below", "a figure of performance < limit"),
                        ("above", "a figure of performance > limit"),
                        ("estimated_below", "an estimate of performance < limit"),
                        ("estimated_above", "an estimate of performance > limit"),
                        ("missing_traffic", "too few rows came"),
                        ("failed", "the run failed"),
                    ],
                )
            />
            <Text label="Column or figure" setting=setting("when.name") name=name("of") value=rule.of/>
            <Text label="Limit" setting=setting("when") name=name("limit") value=rule.limit placeholder="0.3, or drifted"/>
            <Text label="Labels at least" setting=setting("when.performance.min_labels") name=name("min_labels") value=rule.min_labels placeholder="50"/>
            <Text label="Windows in a row" setting=setting("windows") name=name("windows") value=rule.windows placeholder="1"/>
            <Text label="Over after" setting=setting("clear_after") name=name("clear_after") value=rule.clear_after placeholder="1"/>
            <Text label="No second message within" setting=setting("cooldown") name=name("cooldown") value=rule.cooldown placeholder="6h"/>
            <Choice
                label="Severity"
                setting=setting("severity")
                name=name("severity")
                value=rule.severity
                choices=words(&[("", "by effect and certainty"), ("info", "info"), ("warning", "warning"), ("critical", "critical")])
            />
            <Text label="Channels" setting=setting("channels") name=name("channels") value=rule.channels/>
            <p class="field__hint">{hint}</p>
        </div>
    }
    .into_any()
}
