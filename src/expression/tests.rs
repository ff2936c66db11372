//! What sources may say, what comes out of them, and where their slips are.

use super::*;

fn context(json: serde_json::Value) -> Context {
    Context::from_serialize(&json).unwrap()
}

#[test]
fn values_keep_their_types() {
    let mut program = Program::new();
    program.add("n", "a + 1", Kind::Value, &["a"]).unwrap();
    program.add("l", "[x.id for x in list]", Kind::Value, &["list"]).unwrap();
    program.add("u", "a?.b", Kind::Value, &["a"]).unwrap();
    let context = context(serde_json::json!({"a": 1, "list": [{"id": 7}, {"id": 8}]}));
    assert_eq!(program.eval("n", &context).unwrap().as_i64(), Some(2));
    assert_eq!(program.eval("l", &context).unwrap().as_array().unwrap().len(), 2);
    assert!(program.eval("u", &context).is_err() || program.eval("u", &context).unwrap().is_undefined());
}

#[test]
fn unknown_variables_are_found_without_running_with_their_place() {
    let mut program = Program::new();
    let source = "Hi {{ name }}, {% if frist_name %}x{% endif %}";
    let problems = program.add("m", source, Kind::Text, &["name", "first_name"]).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(&source[problems[0].span.clone()], "frist_name");
    assert_eq!(problems[0].help.as_deref(), Some("did you mean `first_name`?"));
}

#[test]
fn a_member_or_a_string_of_the_same_name_is_not_the_variable() {
    let source = "{{ vars.city }} {{ 'city' }} {{ city }}";
    let at = find_variable(source, Kind::Text, "city").unwrap();
    assert_eq!(at.start, source.rfind("city").unwrap());
}

#[test]
fn members_are_listed_with_their_places() {
    let source = "{{ secrets.key }} {{ 'secrets.no' }} {{ a.secrets.no }} {{ secrets?.other }} secrets.no";
    let names: Vec<String> = members(source, Kind::Text, "secrets").into_iter().map(|one| one.0).collect();
    assert_eq!(names, ["key", "other"]);
    assert_eq!(members("vars.a + vars . b", Kind::Value, "vars").len(), 2);
    let quiet = "{# vars.a #}{% raw %}{{ vars.b }}{% endraw %}{{ vars.c }}";
    assert_eq!(members(quiet, Kind::Text, "vars").len(), 1);
}

#[test]
fn what_may_be_read_of_a_variable_is_told() {
    let reads = |source| may_read(source, Kind::Value, "response", "text");
    for source in
        ["response.text", "response?.text or 1", "response['text']", "response", "[response.a, response]"]
    {
        assert!(reads(source), "{source}");
    }
    for source in ["response.json.text", "result.text", "'response.text'", "a.response"] {
        assert!(!reads(source), "{source}");
    }
    assert!(may_read("{% if response %}", Kind::Text, "response", "text"));
    assert!(!may_read("response {{ response.status }} text", Kind::Text, "response", "text"));
}

#[test]
fn a_path_segment_cannot_escape() {
    let mut program = Program::new();
    program.add("p", "/a/{{ (id) | segment }}/b", Kind::Text, &["id"]).unwrap();
    let render = |id: serde_json::Value| {
        let mut out = String::new();
        program.render("p", &context(serde_json::json!({ "id": id })), &mut out).map(|()| out)
    };
    assert_eq!(render("a/b?c=d&é".into()).unwrap(), "/a/a%2Fb%3Fc%3Dd%26%C3%A9/b");
    assert_eq!(render(17.into()).unwrap(), "/a/17/b");
    assert!(render("..".into()).is_err());
    assert!(render("".into()).is_err());
}

#[test]
fn syntax_errors_point_into_the_source_as_given() {
    let mut program = Program::new();
    let problems = program.add("w", "city = 'x'", Kind::Value, &["city"]).unwrap_err();
    assert!(problems[0].span.end <= "city = 'x'".len());
    assert_eq!(problems[0].help.as_deref(), Some("did you mean `==`?"));
    let problems = program.add("i", "{% if s = 1 %}{% endif %}", Kind::Text, &["s"]).unwrap_err();
    assert_eq!(problems[0].help.as_deref(), Some("did you mean `==`?"));
    let problems = program.add("f", "{{ s | nofilter }}", Kind::Text, &["s"]).unwrap_err();
    assert!(problems[0].message.contains("nofilter"), "{problems:?}");
}

#[test]
fn fault_59_output_and_loops_are_bounded() {
    let mut program = Program::new();
    program.add("loop", "{% for i in range(end=10000) %}0123456789{% endfor %}", Kind::Text, &[]).unwrap();
    program.add("range", "{% for i in range(end=100000000) %}{% endfor %}", Kind::Text, &[]).unwrap();
    let mut out = String::new();
    assert_eq!(
        program.render("loop", &Context::new(), &mut out),
        Err(EvalError::TooLong { limit: MAX_RENDERED_BYTES })
    );
    assert!(matches!(program.render("range", &Context::new(), &mut out), Err(EvalError::Failed { .. })));
}

#[test]
fn fault_59_a_number_that_is_none_any_more_is_written_nowhere() {
    let render = |source: &str, a: &str| {
        let mut program = Program::new();
        program.add("x", source, Kind::Text, &["a"]).unwrap();
        let mut out = String::new();
        program.render("x", &context(serde_json::json!({ "a": a })), &mut out).map(|()| out)
    };
    for source in [
        "{{ a | float }}",
        "{{ a | float | round }}",
        "{{ a | float ~ 1 }}",
        "{{ (a | replace(from='400', to='40') | float) ** 100 }}",
        "{{ [(a | replace(from='400', to='40') | float) ** 100] }}",
        "{{ (a | replace(from='400', to='40') | float) ** 100 ~ ' KES' }}",
        "{% set x = (a | replace(from='400', to='40') | float) ** 100 %}{{ x }}",
        "{% set x %}{{ (a | replace(from='400', to='40') | float) ** 100 }}{% endset %}{{ x }}",
        "{% set x = (a | replace(from='400', to='40') | float) ** 100 %}{{ x - x }}",
        "{{ (0 - (a | replace(from='400', to='40') | float) ** 101) | str }}",
        "{{ 'x' ~ (a | replace(from='400', to='40') | float) ** 100 }}",
        "{{ (a | replace(from='400', to='40') | float) ** 100 ~ 'KES' }}",
        "{{ (a | replace(from='400', to='40') | float) ** 100 | str | upper }}",
        "{% set s = 'k' ~ (a | replace(from='400', to='40') | float) ** 100 %}{{ s }}",
    ] {
        assert!(render(source, "1e400").is_err(), "{source}: {:?}", render(source, "1e400"));
    }
    for word in ["inf", "NaN", "-inf"] {
        assert!(render("{{ a | float }}", word).is_err(), "{word}");
        // What a cell says is written as it says it.
        assert_eq!(render("{% if a %}{{ a }}{% endif %}", word).unwrap(), word);
    }
    for word in ["info", "information", "Infant", "Nancy", "Hunan"] {
        let source = format!("{{{{ (a | float) * 2 ~ ' {word}' }}}}");
        assert_eq!(render(&source, "1.5").unwrap(), format!("3.0 {word}"));
    }
}

#[test]
fn fault_59_a_number_that_is_none_becomes_no_text() {
    let nines = "9".repeat(150);
    let row = context(serde_json::json!({ "a": nines, "name": "inf" }));
    let mut program = Program::new();
    let mut render = |source: &str| {
        program.add("x", source, Kind::Text, &["a", "name"]).unwrap();
        let mut out = String::new();
        program.render("x", &row, &mut out).map(|()| out).map_err(|error| error.to_string())
    };
    for source in [
        "V: {{ 'x' ~ (a|float * a|float * a|float) }}",
        "V: {{ a|float * a|float * a|float ~ 'x' }}",
        "{{ 'x' ~ 2.0**2000 }}",
        "{{ 'x' ~ 2.0**2000 ~ 'y' }}",
        "{{ 'x' ~ [1, 2.0**2000] }}",
        "{{ 'x' ~ ((2.0**2000) | str) }}",
        "{{ [2.0**2000, 1] | join(sep='x') }}",
        "{{ ('' ~ 2.0**2000) | upper }}",
        "{% set s = 'k' ~ (a|float)**2000 %}{{ s }}",
        "{% set s = (a|float)**2000 %}{{ ('' ~ s) | upper }}",
        "{% set s %}k{{ 2.0**2000 }}{% endset %}{{ s }}",
        "{% filter upper %}k{{ 2.0**2000 }}{% endfilter %}",
        "{{ (2.0**2000) | json }}",
        "{% for x in 'a' ~ 2.0**2000 %}{{ x }}{% endfor %}",
    ] {
        assert_eq!(render(source).unwrap_err(), "a number is greater than can be written", "{source}");
    }
    for source in
        ["{{ (-4.0) ** 0.5 }}", "{{ 'x' ~ (-4.0) ** 0.5 }}", "{{ 'x' ~ 1.5 | round(precision=400) }}"]
    {
        assert_eq!(render(source).unwrap_err(), "what is reckoned here is no number", "{source}");
    }
    assert_eq!(render("{{ name ~ '|' ~ name }}").unwrap(), "inf|inf");
    assert_eq!(render("{{ -7 // 2 ~ '|' ~ 2 ** 3 ~ name | upper }}").unwrap(), "-4|8INF");
    assert_eq!(render("{% for x in 'a' ~ 2 ** 2 %}{{ loop.index * 1 }}{{ x }}{% endfor %}").unwrap(), "1a24");
}

#[test]
fn fault_59_a_number_that_is_none_is_no_text_in_a_condition() {
    let mut program = Program::new();
    program.add("x", "('' ~ 2.0**2000) == 'inf'", Kind::Value, &[]).unwrap();
    let error = program.eval("x", &Context::new()).unwrap_err();
    assert_eq!(error.to_string(), "a number is greater than can be written");
}

#[test]
fn all_variables_together_have_no_name() {
    let mut program = Program::new();
    for source in [
        "{{ __tera_context }}",
        "{{ a }}{% if __tera_context %}{% endif %}",
        "{% for x in [__tera_context] %}{{ x }}{% endfor %}",
    ] {
        let problems = program.add("x", source, Kind::Text, &["a"]).unwrap_err();
        assert_eq!(problems[0].message, "unknown variable `__tera_context`");
        assert_eq!(&source[problems[0].span.clone()], "__tera_context");
    }
    for source in ["{{ __tera_one_off }}", "{% if a == __tera_one_off %}{% endif %}"] {
        let problems = program.add("x", source, Kind::Text, &["a"]).unwrap_err();
        assert_eq!(problems[0].message, "unknown variable `__tera_one_off`");
    }
    program.add("x", "{{ '__tera_context' }}", Kind::Text, &[]).unwrap();
}
