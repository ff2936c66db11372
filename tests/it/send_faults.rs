//! The network rows of the table of faults, and the kills, through the whole program: real processes, real
//! sockets, a real state. After each the books must balance and nobody may have been accepted twice.

use std::io::Write;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::loopback::{Loopback, Reply, answer};
use crate::project::{APP_KEY, PASSWORD, Project, USERNAME, said, signal};

fn error(status: u16) -> Reply {
    Reply::Json(status, json!({"status": "error", "data": null, "message": "as told"}))
}

#[test]
fn fault_01_killed_before_an_intent_is_durable_everybody_is_sent_on_resume() {
    let gateway = Loopback::with(|request| {
        static LOGINS: AtomicU32 = AtomicU32::new(0);
        (request.path == "/api/auth" && LOGINS.fetch_add(1, Ordering::SeqCst) == 0).then_some(Reply::Wait)
    });
    let project = Project::personalised(&gateway.url(), 40);
    project.kill_when_waiting(&gateway, 1);
    // It logs in before it begins: nothing is pinned, nothing is in doubt.
    assert!(project.run(&["status", "--format", "json"]).out.contains("\"runs\": []"));
    assert_eq!(project.send().code, 0);
    assert_eq!(gateway.accepted_once(), 40);
}

#[test]
fn fault_03_killed_in_mid_request_those_under_way_are_unknown_and_not_sent_again() {
    let gateway = Loopback::with(|request| (request.send > 20 && request.send <= 24).then_some(Reply::Wait));
    let project = Project::personalised(&gateway.url(), 60);
    let mut child = project.start();
    gateway.until_waiting(4);
    signal(child.id(), "KILL");
    child.wait().unwrap();
    let after = project.status();
    let unknown = after.of("unknown");
    assert!(unknown >= 4, "{after:?}");
    // Never more than what was in flight: four times the concurrency.
    assert!(unknown <= 16, "{after:?}");
    gateway.release();
    let resumed = project.send();
    assert_eq!(resumed.code, 6, "{resumed:?}");
    assert!(resumed.err.contains("unknown from now on, not sent again"), "{}", resumed.err);
    gateway.accepted_once();
    project.status().is(&[("accepted", 60 - unknown), ("unknown", unknown), ("pending", 0)]);
    // And it stays so: a finished run is not begun again, its unknowns are never sent.
    let requests = gateway.requests().len();
    assert_eq!(project.send().code, 6);
    assert_eq!(gateway.requests().len(), requests);
}

#[test]
fn fault_04_killed_right_after_an_answer_nobody_gets_a_second_copy() {
    for moment in [1, 7, 30] {
        let process: Arc<Mutex<Option<u32>>> = Arc::default();
        let target = Arc::clone(&process);
        let gateway = Loopback::with(move |request| {
            let target = Arc::clone(&target);
            (request.send == moment).then(move || {
                Reply::UsualThen(Box::new(move || {
                    let pid = loop {
                        if let Some(pid) = *target.lock().unwrap() {
                            break pid;
                        }
                        std::thread::yield_now();
                    };
                    signal(pid, "KILL");
                }))
            })
        });
        let project = Project::personalised(&gateway.url(), 50);
        let mut child = project.start();
        *process.lock().unwrap() = Some(child.id());
        child.wait().unwrap();
        let code = project.send().code;
        let accepted = gateway.accepted_once();
        let run = project.status();
        run.is(&[("planned", 50), ("pending", 0), ("rejected", 0)]);
        assert_eq!(run.of("accepted") + run.of("unknown"), 50);
        assert!(accepted <= 50 && accepted >= run.of("accepted"));
        assert_eq!(code, if run.of("unknown") > 0 { 6 } else { 0 });
    }
}

#[test]
fn fault_05_killed_while_the_run_is_being_pinned_leaves_all_of_it_or_nothing() {
    // No migration exists yet; the largest change of a state is a pin, and it is one transaction.
    let gateway = Loopback::with(|request| (request.send > 0).then_some(Reply::Wait));
    let mut none = 0;
    for kilobytes in [100, 400, 1600] {
        let project = Project::personalised(&gateway.url(), 60_000);
        let mut child = project.start();
        let log = project.path(".sendplan/state.db-wal");
        let grown = || std::fs::metadata(&log).map_or(0, |file| file.len()) > kilobytes * 1024;
        while !grown() && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let report: serde_json::Value =
            serde_json::from_str(&project.run(&["status", "--format", "json"]).out).unwrap();
        match report["runs"].as_array().unwrap().as_slice() {
            [] => none += 1,
            [run] => {
                assert_eq!((run["planned"].as_u64(), run["pending"].as_u64()), (Some(60_000), Some(60_000)))
            }
            more => panic!("{more:?}"),
        }
    }
    assert!(none > 0, "no kill fell into the pin");
    assert_eq!(gateway.accepted_once(), 0);
}

#[test]
fn fault_06_a_signal_drains_and_a_second_send_finishes() {
    for name in ["TERM", "INT"] {
        let gateway =
            Loopback::with(|request| (request.send > 10 && request.send <= 14).then_some(Reply::Wait));
        let project = Project::personalised(&gateway.url(), 60);
        let child = project.start();
        gateway.until_waiting(4);
        signal(child.id(), name);
        // Whoever would not stop claiming would send on as soon as the gate opens.
        gateway.release();
        let stopped = said(child.wait_with_output().unwrap());
        assert_eq!(stopped.code, 4, "{stopped:?}");
        let run = project.status();
        run.is(&[("unknown", 0), ("planned", 60)]);
        assert!(run.of("pending") > 0, "{run:?}");
        assert_eq!(project.send().code, 0);
        assert_eq!(gateway.accepted_once(), 60);
    }
}

#[test]
fn fault_19_a_refused_connection_is_tried_again_then_the_run_pauses_unsent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let address = listener.local_addr().unwrap();
    drop(listener);
    let project = Project::personalised(&url, 20);
    let stopped = project.send();
    assert_eq!(stopped.code, 4, "{stopped:?}");
    assert!(stopped.err.contains("3 tries in a row led nowhere"), "{}", stopped.err);
    project.status().is(&[("planned", 20), ("pending", 20), ("unknown", 0), ("accepted", 0)]);
    let gateway = Loopback::on(TcpListener::bind(address).unwrap(), |_| None);
    assert_eq!(project.send().code, 0);
    assert_eq!(gateway.accepted_once(), 20);
}

#[test]
fn fault_20_a_tls_error_aborts_without_downgrade() {
    // It speaks plain text where TLS is expected.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.and_then(|mut stream| stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
        }
    });
    let project = Project::personalised(&url, 20);
    let stopped = project.send();
    assert_eq!(stopped.code, 8, "{stopped:?}");
    assert!(stopped.err.contains("what answers there speaks no TLS: is it `http://`?"), "{}", stopped.err);
    assert!(project.run(&["status", "--format", "json"]).out.contains("\"runs\": []"));
}

#[test]
fn fault_22_a_reset_after_the_request_is_unknown() {
    let gateway = Loopback::with(|request| (request.send == 6).then_some(Reply::AcceptAndClose));
    let project = Project::personalised(&gateway.url(), 30);
    assert_eq!(project.send().code, 6);
    project.status().is(&[("accepted", 29), ("unknown", 1), ("pending", 0)]);
    assert_eq!(gateway.accepted_once(), 30);
}

#[test]
fn fault_24_and_25_unreadable_answers_are_unknown_and_a_few_of_them_pause_the_run() {
    let html =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: 15\r\n\r\n<html>hi</html>".to_vec();
    let mut cut =
        answer(200, &json!({"status": "success", "data": [{"id": 1, "recipient": "254700000000"}]}));
    let length = cut.len();
    cut.truncate(length - 20);
    for bytes in [html, cut] {
        let gateway = Loopback::with(move |request| (request.send > 5).then(|| Reply::Raw(bytes.clone())));
        let project = Project::personalised(&gateway.url(), 100);
        let stopped = project.send();
        assert_eq!(stopped.code, 4, "{stopped:?}");
        assert!(stopped.err.contains("5 requests in a row had no definite answer"), "{}", stopped.err);
        let run = project.status();
        run.is(&[("planned", 100), ("accepted", 5)]);
        assert!((5..=16).contains(&run.of("unknown")), "{run:?}");
        assert_eq!(run.of("pending"), 95 - run.of("unknown"));
    }
}

#[test]
fn fault_27_one_renewal_serves_all_that_a_401_hits_and_everybody_is_sent_once() {
    let expired = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&expired);
    let gateway = Arc::new(Mutex::new(None::<Loopback>));
    let handle = Arc::clone(&gateway);
    let real = Loopback::with(move |request| {
        if request.send == 40
            && seen.fetch_add(1, Ordering::SeqCst) == 0
            && let Some(gateway) = handle.lock().unwrap().as_ref()
        {
            gateway.forget_tokens();
        }
        None
    });
    let project = Project::personalised(&real.url(), 120);
    *gateway.lock().unwrap() = Some(real);
    let said = project.send();
    assert_eq!(said.code, 0, "{said:?}");
    let guard = gateway.lock().unwrap();
    let gateway = guard.as_ref().unwrap();
    assert_eq!(expired.load(Ordering::SeqCst), 1);
    assert_eq!(gateway.accepted_once(), 120);
    assert_eq!((gateway.count("/api/auth"), gateway.count("/api/auth/refresh")), (1, 1));
    let refresh = gateway.requests().into_iter().find(|one| one.path.ends_with("/refresh")).unwrap();
    assert_eq!(refresh.body, json!({"refreshToken": "refresh-of-token-0", "userName": USERNAME}));
}

#[test]
fn fault_28_a_refused_renewal_logs_in_again_and_a_refused_log_in_aborts() {
    // The third send finds its token worthless; renewals are refused, and from the second log-in on that too
    // where `log_in` says so.
    for (second_log_in, code) in [(200, 0), (401, 8)] {
        let logins = AtomicU32::new(0);
        let gateway = Loopback::with(move |request| match request.path.as_str() {
            "/api/auth/refresh" => Some(error(401)),
            "/api/auth" if logins.fetch_add(1, Ordering::SeqCst) == 0 => None,
            "/api/auth" if second_log_in == 401 => Some(error(401)),
            "/api/auth" => None,
            _ if request.authorization == "Bearer token-0" && request.send > 10 => Some(error(401)),
            _ => None,
        });
        let project = Project::personalised(&gateway.url(), 30);
        let said = project.send();
        assert_eq!(said.code, code, "{said:?}");
        assert_eq!(gateway.count("/api/auth/refresh"), 1);
        assert_eq!(gateway.count("/api/auth"), 2);
        let accepted = gateway.accepted_once();
        let pending = 30 - accepted;
        project.status().is(&[("accepted", accepted), ("pending", pending), ("unknown", 0)]);
        assert_eq!(pending == 0, code == 0);
    }
}

#[test]
fn fault_29_a_403_aborts_with_everything_else_unsent() {
    let gateway = Loopback::with(|request| (request.send > 8).then(|| error(403)));
    let project = Project::personalised(&gateway.url(), 40);
    let said = project.send();
    assert_eq!(said.code, 8, "{said:?}");
    project.status().is(&[("accepted", 8), ("pending", 32), ("unknown", 0), ("rejected", 0)]);
}

#[test]
fn fault_30_a_404_is_a_rejection_and_many_in_a_row_pause_the_run() {
    let gateway = Loopback::with(|request| (request.send == 3).then(|| error(404)));
    let project = Project::personalised(&gateway.url(), 20);
    assert_eq!(project.send().code, 5);
    project.status().is(&[("accepted", 19), ("rejected", 1), ("pending", 0)]);

    let gateway = Loopback::with(|request| (request.send > 0).then(|| error(404)));
    let project = Project::personalised(&gateway.url(), 200);
    let said = project.send();
    assert_eq!(said.code, 4, "{said:?}");
    let run = project.status();
    assert!((50..=66).contains(&run.of("rejected")), "{run:?}");
    run.is(&[("unknown", 0), ("accepted", 0)]);
}

#[test]
fn fault_31_a_422_is_a_rejection() {
    let gateway = Loopback::with(|request| (request.send % 10 == 3).then(|| error(422)));
    let project = Project::personalised(&gateway.url(), 30);
    assert_eq!(project.send().code, 5);
    project.status().is(&[("accepted", 27), ("rejected", 3)]);
}

#[test]
fn fault_32_a_429_makes_everybody_wait_and_nobody_is_lost() {
    let gateway = Loopback::with(|request| (request.send == 10 || request.send == 11).then(|| error(429)));
    let project = Project::personalised(&gateway.url(), 30);
    let said = project.send();
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("tried again"), "{}", said.out);
    assert_eq!(gateway.accepted_once(), 30);
}

#[test]
fn fault_35_a_500_is_unknown_and_is_not_sent_again() {
    let gateway = Loopback::with(|request| (request.send == 7).then(|| error(500)));
    let project = Project::personalised(&gateway.url(), 30);
    assert_eq!(project.send().code, 6);
    project.status().is(&[("accepted", 29), ("unknown", 1)]);
    assert_eq!(gateway.accepted_once(), 29);
}

#[test]
fn fault_36_a_redirect_is_never_followed_and_aborts() {
    for (status, unknown, pending) in [(307, 0, 17), (303, 1, 16)] {
        let elsewhere = Loopback::start();
        let target = format!("{}/api/communications/sms/sendMessage", elsewhere.url());
        let redirect = format!(
            "HTTP/1.1 {status} Moved\r\nLocation: {target}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
        .into_bytes();
        let gateway = Loopback::with(move |request| (request.send > 3).then(|| Reply::Raw(redirect.clone())));
        let project = Project::personalised(&gateway.url(), 20);
        let said = project.send();
        assert_eq!(said.code, 8, "{said:?}");
        assert_eq!(elsewhere.requests().len(), 0);
        let run = project.status();
        run.is(&[("accepted", 3)]);
        assert!(run.of("unknown") >= unknown && run.of("pending") <= pending, "{run:?}");
        assert!(unknown > 0 || run.of("unknown") == 0, "{run:?}");
    }
}

#[test]
fn fault_39_a_recipient_without_a_result_is_unknown_and_the_others_are_accepted() {
    let gateway = Loopback::with(|request| {
        let all = request.recipients();
        (request.send == 1).then(|| {
            let told =
                all.iter().skip(1).map(|one| json!({"id": one, "recipient": one, "processedStatus": "NEW"}));
            Reply::Json(200, json!({"status": "success", "data": told.collect::<Vec<_>>(), "message": "ok"}))
        })
    });
    let project = Project::shared(&gateway.url(), 30, 10);
    assert_eq!(project.send().code, 6);
    project.status().is(&[("accepted", 29), ("unknown", 1), ("pending", 0)]);
}

#[test]
fn fault_41_a_result_for_somebody_who_was_not_asked_for_stops_the_run() {
    // Every answer holds one, so that it makes no difference which of those under way is read first.
    let gateway = Loopback::with(|request| {
        (request.send > 0).then(|| {
            let mut told: Vec<_> = request.recipients();
            told.push("254711111111".to_owned());
            let told: Vec<_> = told
                .iter()
                .map(|one| json!({"id": one, "recipient": one, "processedStatus": "NEW"}))
                .collect();
            Reply::Json(200, json!({"status": "success", "data": told, "message": "ok"}))
        })
    });
    let project = Project::shared(&gateway.url(), 400, 10);
    let said = project.send();
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.err.contains("not asked for"), "{}", said.err);
    assert!(project.status().of("pending") > 0);
}

#[test]
fn secrets_and_tokens_are_seen_nowhere() {
    let gateway = Loopback::with(|request| match request.send {
        5 => Some(Reply::Json(
            // A rule of the profile repeats the message of this one.
            200,
            json!({"status": "error", "message": format!("{APP_KEY} {PASSWORD} {USERNAME} token-0 refresh-of-token-0")}),
        )),
        9 => Some(error(500)),
        _ => None,
    });
    let project = Project::personalised(&gateway.url(), 30);
    let sent = project.send();
    assert_eq!(sent.code, 6, "{sent:?}");
    let mut seen = format!(
        "{sent:?}{:?}{:?}",
        project.run(&["status"]),
        project.run(&["provider", "show", "mobiconnect"])
    );
    for entry in std::fs::read_dir(project.path(".sendplan")).unwrap() {
        seen.push_str(&String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap()));
    }
    for secret in [APP_KEY, PASSWORD, USERNAME, "token-0", "refresh-of"] {
        assert!(!seen.contains(secret), "`{secret}` was written somewhere");
    }
}

#[test]
fn a_run_of_which_some_were_refused_says_why_and_what_to_type() {
    let gateway = Loopback::with(|request| (request.send % 10 == 3).then(|| error(422)));
    let project = Project::personalised(&gateway.url(), 30);
    let first = project.send();
    assert_eq!(first.code, 5, "{first:?}");
    assert!(first.out.contains("\nWhy:\n  rejected  3  "), "{}", first.out);
    assert!(first.err.contains("\nNext:\n  sendplan report campaigns/c\n"), "{}", first.err);
    // Sent again, it sends nothing, and ends alike.
    let again = project.send();
    assert_eq!(again.code, 5, "{again:?}");
    assert!(again.err.contains("\nNext:\n  sendplan report campaigns/c\n"), "{}", again.err);
}
