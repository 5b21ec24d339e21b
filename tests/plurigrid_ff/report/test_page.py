"""The page as a whole."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from plurigrid_ff.report import render_report
from plurigrid_ff.results import Chart, Series, Table, Verdict

HOSTILE = (
    "<script>alert(1)</script> ]]> --> </svg></title> \"'&amp; $x_2$ {{ 7 * 7 }} "
    "\u05e9\u05dc\u05d5\u05dd \u202eevil \u4e2d\u6587 \U0001f600 \x1b\x00"
)
VOID = {"meta", "br", "link", "hr", "img", "input"}
LOADING = {"src", "href", "srcset", "data", "action", "poster", "background"}


class Page(HTMLParser):
    """Checks that tags balance, and keeps text, tags and drawings."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.attributes, self.words = [], [], [], []
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.extend(attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.extend(attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.open, self.getpos())

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return " ".join("".join(self.words).split())


def drawings(html):
    return re.findall(r"<svg\b.*?</svg>", html, flags=re.DOTALL)


def check(html):
    """Assert what must hold of every page."""
    page = Page(html)
    assert "script" not in page.tags
    for name, value in page.attributes:
        assert not name.startswith("on"), name
        if name in LOADING:
            assert value.startswith(("#", "data:image/png;base64,")), (name, value)
    without_namespace = html.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?://|@import|url\((?!#)", without_namespace)
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    for drawing in drawings(html):
        ET.fromstring(drawing)
        assert 'aria-hidden="true"' in drawing or 'aria-label="' in drawing
    assert not re.search(r"\b(nan|NaN|None|inf|undefined)\b", page.text)
    return page


@pytest.fixture(scope="module")
def html(report, rounds):
    return render_report(report, rounds)


def test_an_ordinary_page_is_sound(html):
    page = check(html)
    assert len(drawings(html)) > 12
    assert {"h1", "h2", "figure", "figcaption", "details", "th", "caption"} <= set(page.tags)
    assert ("lang", "en") in page.attributes


def test_sections_come_in_order(html):
    headings = re.findall(r"<h2>(.*?)</h2>", html)
    assert [re.sub("<.*?>", "", heading).lstrip("✓") for heading in headings] == [
        "Passed",
        "Test accuracy",
        "Layers",
        "Goodness of positives and negatives",
        "Learning curves",
        "Confusion",
        "Evidence of the verdict",
        "Log of rounds",
        "Provenance",
    ]


def test_the_numbers_of_the_run_are_there(html, report, rounds):
    text = Page(html).text
    for number in (
        "95.56 %",
        "360 held-out samples",
        "Seed 41",
        "12 rounds",
        "533,500 parameters",
        "Measure0.8125",
        "Limit1",
        "94.17 %",
        "2.137",
        "0.946",
        "1.191",
        "1,356",
        "1.073",
        "48.27 s",
        "torch 2.10.0",
        "36 entries",
        report.data_digest,
        report.log_head,
        rounds[7]["hash"][:12],
        "plurigrid-ff train run.toml",
    ):
        assert number in text, number


def test_the_triad_stands_in_the_order_of_its_trits(html):
    text = Page(html).text
    assert "\N{MINUS SIGN}1validatorpersistent-homology" in text.replace(" ", "")
    assert text.index("persistent-homology") < text.index("open-games") < text.index("generator")
    assert "The trits of the log sum to 0 in GF(3)." in text


def test_the_persistence_diagram_is_among_the_evidence(html):
    assert "Persistence diagram, last layer" in html
    assert "Vietoris-Rips filtration, 200 probes." in html
    assert "Persistence is death minus birth." in html


def test_the_same_run_gives_the_same_page(html, report, rounds):
    assert render_report(report, rounds) == html


def test_the_page_knows_light_dark_phone_and_paper(html):
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
    assert 'name="viewport"' in html
    assert "#0072b2" in html
    assert "#d55e00" in html


@pytest.mark.parametrize(
    ("passed", "measure", "words"),
    [
        (False, 1.375, ("Failed", "The validator said no.", "Measure1.375")),
        (None, None, ("Undecidable", "could not decide", "nothing to measure")),
        (True, -2.0, ("Passed", "Measure\N{MINUS SIGN}2")),
    ],
)
def test_a_verdict_is_told_in_words(make, passed, measure, words):
    report = make.report(2, 1, verdict=make.verdict(passed, measure))
    text = check(render_report(report, make.rounds(1, 1))).text
    assert all(word in text for word in words)


def test_without_a_triad_nobody_could_say_no(make):
    report = make.report(2, 2, triad=None, verdict=None, trit_sum=1)

    html = render_report(report, [])

    text = check(html).text
    assert "No validator" in text
    assert "Nobody could say no." in text
    assert "Forward-Forward learning on digits" in text
    assert "Evidence of the verdict" not in text
    assert "The log has no numbers to draw." in text
    assert "The log is empty." in text


def test_a_triad_that_was_not_heard_is_not_called_absent(make):
    assert "The validator was not heard." in render_report(make.report(2, 1, verdict=None), [])


def test_trits_that_do_not_cancel_are_remarked_on(make):
    text = Page(render_report(make.report(2, 1, trit_sum=1), [])).text
    assert "sum to +1 in GF(3): this is not a whole number of triads" in text


def test_a_hundred_classes_fit(make, rounds):
    html = render_report(make.report(100, 2), rounds)
    assert "100 classes" in check(html).text
    assert len(html) < 400_000


@pytest.mark.slow
def test_sixty_four_layers_fit(make):
    html = render_report(make.report(10, 64), make.rounds(2, 64))
    text = check(html).text
    assert "Layer 64" in text
    assert "Layers in numbers (64 rows)" in text
    assert len(html) < 1_500_000


def test_a_run_that_measured_nothing_has_a_page(make):
    report = make.report(
        2, 0, test_accuracy=None, confusion=(), class_names=(), parameters=0, versions={}
    )
    text = check(render_report(report, [])).text
    assert "Not measured" in text
    assert "No labelled test samples were counted." in text
    assert "No layer was measured." in text


def test_a_log_that_ends_elsewhere_than_the_report_says_is_remarked_on(html, make, rounds):
    warning = "was changed after the run"
    assert warning not in html
    assert warning in render_report(make.report(2, 1, log_head="ff" * 32), rounds)


def test_long_evidence_is_folded(make):
    table = Table(title="Long", columns=("n",), rows=tuple((index,) for index in range(2500)))
    verdict = Verdict(passed=True, measure=0.5, limit=1, reason="Fine.", tables=(table,))

    text = check(render_report(make.report(2, 1, verdict=verdict), [])).text

    assert "Long (2,500 rows)" in text
    assert "The first 2,000 of 2,500 rows" in text


def test_a_column_with_a_gap_still_lines_up(html):
    assert '<td class="num"><bdi>\N{EN DASH}</bdi></td>' in html


def hostile_report(make):
    chart = Chart(
        kind="line",
        title=HOSTILE,
        x_label=HOSTILE,
        y_label=HOSTILE,
        series=(Series(name=HOSTILE, x=(1, 2), y=(1, 2)),),
        note=HOSTILE,
    )
    table = Table(title=HOSTILE, columns=(HOSTILE,), rows=((HOSTILE,), (None,)), note=HOSTILE)
    return make.report(
        triad={"validator": HOSTILE, HOSTILE: HOSTILE},
        verdict=Verdict(
            passed=False, measure=2, limit=1, reason=HOSTILE, tables=(table,), charts=(chart,)
        ),
        layers=(make.layer(0, kind=HOSTILE, objective=HOSTILE),),
        class_names=(HOSTILE,) * 10,
        data=HOSTILE,
        data_digest=HOSTILE,
        device=HOSTILE,
        versions={HOSTILE: HOSTILE},
        log_head=HOSTILE,
    )


def test_hostile_names_are_shown_and_do_nothing(make):
    entry = dict.fromkeys(("index", "round", "trit", "skill", "version", "hash"), HOSTILE)
    told = [
        entry | {"role": role, "summary": {HOSTILE: HOSTILE, HOSTILE + "n": index, "\ud800": 1}}
        for index, role in enumerate(("coordinator", "coordinator", HOSTILE))
    ]

    html = render_report(hostile_report(make), told)

    page = check(html)
    assert page.text.count("<script>alert(1)</script> ]]> --> </svg></title>") > 15
    assert "{{ 7 * 7 }}" in page.text
    assert "$x_2$" in page.text
    assert "<script" not in html
    assert not re.search("[\x00-\x08\x1b\ud800-\udfff]", html)
    html.encode("utf-8")


@pytest.mark.parametrize("entry", [{}, {"summary": 3}, {"role": "generator", "summary": {}}])
def test_a_log_entry_may_say_nothing(make, entry):
    check(render_report(make.report(2, 1), [entry]))
