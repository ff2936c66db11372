//! `audience.sample`: a share of the people, always the same ones.

use std::collections::BTreeSet;

use sendplan::audience::Sample;
use sendplan::plan::{Entry, run};

use crate::audience::recipe;
use crate::project::Project;

/// What becomes of 200 rows under a share.
fn planned(share: &str, text: &str) -> (BTreeSet<String>, Vec<String>) {
    let mut recipe = recipe("id,phone,name", "{{ name }}");
    recipe.rules.sample = Some(Sample::new("pilot", share.parse().unwrap()));
    let (mut people, mut others) = (BTreeSet::new(), Vec::new());
    run(text.as_bytes(), &recipe, std::num::NonZeroUsize::MIN, &mut |entry| {
        match entry {
            Entry::Planned { id, .. } => drop(people.insert(id.to_owned())),
            Entry::Excluded { place, reason, .. } => others.push(format!("{place}: {}", reason.kind())),
        }
        Ok::<(), std::convert::Infallible>(())
    })
    .unwrap();
    (people, others)
}

#[test]
fn whoever_is_in_a_share_is_in_a_greater_one_whatever_the_order_of_the_rows() {
    let mut rows: Vec<String> = (0..200).map(|at| format!("c{at},07123{at:05},x\n")).collect();
    let text = |rows: &[String]| format!("id,phone,name\n{}", rows.concat());
    let all = ["5%", "10%", "50%", "100%"].map(|share| planned(share, &text(&rows)).0);
    assert!(all.windows(2).all(|pair| pair[0].is_subset(&pair[1])), "{all:?}");
    assert_eq!(all.each_ref().map(BTreeSet::len), [15, 25, 121, 200]);
    rows.reverse();
    assert_eq!(planned("10%", &text(&rows)).0, all[1]);
}

#[test]
fn who_is_not_in_the_share_claims_nothing_and_what_is_wrong_with_a_row_is_told_first() {
    let rows: Vec<String> = (0..200).map(|at| format!("c{at},07123{at:05},x\n")).collect();
    let chosen = planned("10%", &format!("id,phone,name\n{}", rows.concat())).0;
    let inside = chosen.first().unwrap();
    let text =
        format!("id,phone,name\nc0,0712345678,x\n{inside},0712345678,x\nc0,12,x\n{inside},0712345679,x\n");
    assert!(!chosen.contains("c0"));
    let (people, others) = planned("10%", &text);
    assert_eq!(people.iter().collect::<Vec<_>>(), [inside]);
    assert_eq!(others, ["line 2: not-sampled", "line 4: invalid-address", "line 5: duplicate-id"]);
}

#[test]
fn a_manifest_names_a_share_and_a_plan_counts_who_is_left_out() {
    let project = Project::empty();
    project.manifest("http://127.0.0.1:1", "batch_max: 1", "text: \"Hi {{ name }}\"", "");
    project.recipients(1000);
    let file = "campaigns/c/campaign.yaml";
    let manifest = std::fs::read_to_string(project.path(file)).unwrap();
    let with = |share: &str| {
        project.write(file, &manifest.replace("csv: r.csv", &format!("csv: r.csv, sample: {share}")));
        project.run(&["plan", "campaigns/c"])
    };
    let planned = with("12.5%");
    assert_eq!(planned.code, 0, "{planned:?}");
    let line = |word: &str| planned.out.lines().find(|line| line.contains(word)).unwrap().to_owned();
    assert!(line("messages").contains(" 105 "), "{}", planned.out);
    assert!(line("left out by `sample`").ends_with(" 895"), "{}", planned.out);
    for (wrong, words) in [("0%", "0% is nobody"), ("0.001%", "is not a percentage"), ("10", "`10%`")] {
        let refused = with(wrong);
        assert!(refused.code == 3 && refused.err.contains(words), "{wrong}: {refused:?}");
    }
}
