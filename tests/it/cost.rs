//! What a plan costs, by the gateway's prices or the account's, and the cap on it.

use serde_json::Value;

use crate::project::Project;

fn project(provider: &str, limits: &str) -> Project {
    let project = Project::empty();
    project.write(
        "campaigns/c/campaign.yaml",
        &format!(
            "version: 1\nname: c\nprovider: {{ profile: mobiconnect{provider} }}\nsender: 1\n\
             audience: {{ csv: r.csv, address: phone, region: KE }}\nmessage: {{ text: \"{}\" }}\n{limits}",
            "0123456789".repeat(17)
        ),
    );
    project.write("campaigns/c/r.csv", "phone\n0712345678\n0722345678\n+12025550100\n+4915112345678\n");
    project
}

const PRICES: &str = ", cost: { currency: KES, per: segment, prices: { \"254\": \"0.80\", \"1\": \"2.5\", default: \"6.000001\" } }";

fn plan(project: &Project) -> (i32, Value, String) {
    let said = project.run(&["plan", "campaigns/c", "--format", "json"]);
    (said.code, serde_json::from_str(&said.out).unwrap_or(Value::Null), said.err)
}

#[test]
fn a_plan_tells_what_it_comes_to_segment_by_segment() {
    let project = project(PRICES, "");
    let (code, plan, _) = plan(&project);
    // Two segments each: 2 x 0.80 x 2 + 2.5 x 2 + 6.000001 x 2.
    assert_eq!((code, plan["cost"].as_str()), (0, Some("20.200002 KES")));
    let shown = project.run(&["plan", "campaigns/c"]);
    assert!(shown.out.contains("cost       20.200002 KES\n"), "{shown:?}");
}

#[test]
fn who_has_no_price_is_told_and_refused_under_a_cap() {
    let prices = ", cost: { currency: KES, per: message, prices: { \"254\": \"0.80\" } }";
    let shown = project(prices, "").run(&["plan", "campaigns/c"]);
    assert!(shown.out.contains("1.60 KES, and 2 messages whose price is not known"), "{shown:?}");
    let (code, plan, err) = plan(&project(prices, "limits: { cost: 5 KES }\n"));
    assert_eq!((code, plan["cost"].as_str()), (3, Some("1.60 KES")));
    assert!(err.contains("2 messages have no price"), "{err}");
}

#[test]
fn a_plan_that_costs_too_much_is_refused() {
    let (code, _, err) = plan(&project(PRICES, "limits: { cost: 20 KES }\n"));
    assert_eq!(code, 3);
    assert!(err.contains("it costs 20.200002; `cost` allows 20.00"), "{err}");
    assert_eq!(plan(&project(PRICES, "limits: { cost: 20.200002 KES }\n")).0, 0);
}

#[test]
fn a_cap_in_another_currency_or_without_prices_is_an_error() {
    let other = project(PRICES, "limits: { cost: 20 USD }\n").run(&["check", "campaigns"]);
    assert_eq!(other.code, 3);
    assert!(other.err.contains("the prices are in KES; write `20 KES`"), "{other:?}");
    let none = project("", "limits: { cost: 20 USD }\n").run(&["check", "campaigns"]);
    assert!(none.err.contains("no prices are known"), "{none:?}");
    let bad = PRICES.replace("0.80", "cheap").replace("KES", "Ksh");
    let bad = project(&bad, "").run(&["check", "campaigns"]);
    assert_eq!(bad.code, 3);
    assert!(bad.err.contains("`cheap` is not an amount"), "{bad:?}");
}

#[test]
fn everything_that_is_wrong_with_an_adapted_profile_is_told_at_once() {
    let adapted = ", base_url: \"http://gateway.example\", limits: { messages: fast }, vars: { route: x }";
    let project = project(adapted, "");
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write("campaigns/c/campaign.yaml", &manifest.replace("sender: 1", "sender: ACME"));
    let said = project.run(&["check", "campaigns"]);
    assert_eq!(said.code, 3, "{said:?}");
    for told in ["provider.base_url", "`fast` is not a rate", "no variable `route`", "the sender must be"] {
        assert!(said.err.contains(told), "{told}: {said:?}");
    }
}
