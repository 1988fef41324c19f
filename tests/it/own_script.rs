//! The own script: small on the wire, and the same program after its names were made short.

use world::World;
use world::markup::tags;

#[path = "../../static/squeeze.rs"]
mod squeeze;

#[tokio::test]
async fn the_own_script_is_small() {
    let world = World::of("").await;
    let page = world.get("/").await;
    let scripts: Vec<_> = tags(page.text()).into_iter().filter(|tag| tag.name == "script").collect();
    let own = scripts.iter().filter_map(|tag| tag.get("src")).find(|src| src.contains("/portal.")).unwrap();
    let reply = world.get_with(own, &[("Accept-Encoding", "gzip")]).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-encoding"), "gzip");
    eprintln!("{} bytes", reply.body.len());
    assert!(reply.body.len() <= 12_000, "{} bytes", reply.body.len());
}

#[test]
fn what_is_no_program_is_left_out_and_names_of_the_scope_are_short() {
    let cases = [
        // Comments and blanks, but not inside of what is text.
        ("f( 1 ,  2 ); // what\n// more\n", "f(1,2);"),
        ("say(\"a  // b\" + '  c')", "say(\"a  // b\"+'  c')"),
        ("say(`a  ${ x  +  `  ${ { y: 1 } }` }  // b`)", "say(`a  ${x+`  ${{y:1}}`}  // b`)"),
        ("x = /[/\"]  \\/ /g.exec(y) / 2", "x=/[/\"]  \\/ /g.exec(y)/2"),
        // A line's end that ends a statement.
        ("a()\nb()\nif (c) {\n  d()\n}\ne()", "a()\nb()\nif(c){d()}\ne()"),
        ("return\n  x", "return\nx"),
        ("a++\nb", "a++\nb"),
        // Signs that would become others.
        ("a - -b + +c - d", "a- -b+ +c-d"),
        ("1 .x + 1.5 + 1e-9", "1 .x+1.5+1e-9"),
        ("x = y / /z/.w", "x=y/ /z/.w"),
        // Names, wherever they mean what the scope declares, and inner ones that are spelt alike.
        (
            "const total = 1;\nfunction tell(total) { return total; }\ntell(total);",
            "let a=1;function b(a){return a;}\nb(a);",
        ),
        (
            "const total = 1; say(`${total} ${ok ? total : 0}`, \"total\", ...total)",
            "let a=1;say(`${a} ${ok?a:0}`,\"total\",...a)",
        ),
        // A short name that is taken is not given.
        ("const total = 1; a(total, b)", "let c=1;a(c,b)"),
        // As a property, a key or a shorthand a name is more than a name.
        ("const total = 1; x.total = total", "let total=1;x.total=total"),
        ("const total = 1; say({ total: total })", "let total=1;say({total:total})"),
        ("const total = 1; say({ x, total })", "let total=1;say({x,total})"),
        ("const total = 1; const { total = 2 } = x", "let total=1;let{total=2}=x"),
        ("const total = 1; x?.total", "let total=1;x?.total"),
        // A local is not ours to rename: elsewhere its name may be the browser's.
        ("function tell() { const status = 1; return status; }", "function a(){let status=1;return status;}"),
    ];
    for (script, short) in cases {
        assert_eq!(squeeze::squeezed(script).unwrap().trim_end(), short, "{script}");
    }
}

#[test]
fn what_it_does_not_know_is_refused() {
    let cases = [
        "eval(x)",
        "with (x) y",
        "class A {}",
        "var x = 1",
        "x = { name() { return 1; } }",
        "x = { get y() {} }",
        "f(]",
        "f(",
        "x = \"a",
        "x = `a",
        "x = /a",
        "/* a */",
        "x = {} / 2",
        "a # b",
        "if (a <!--b) c",
    ];
    for script in cases {
        assert!(squeeze::squeezed(script).is_err(), "{script}");
    }
}
