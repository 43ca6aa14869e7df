"""The dictionary: the built-in table, the site's XML file, hostile files."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fst24 import dictionary
from fst24.dictionary import DictionaryError, DictionaryWarning, Meaning, to_udunits

if TYPE_CHECKING:
    from pathlib import Path

XML = """<?xml version="1.0" encoding="UTF-8"?>
<CMCRPN_DataDictionary name="test" date="2026-01-01" version_number="0">
  <metvar usage="obsolete"><nomvar>TT</nomvar>
    <description><short lang="en">Old temperature</short></description>
    <measure><real><units>K</units></real></measure></metvar>
  <metvar origin="CMC" date="2001-01-01" pack="R16"><nomvar>TT</nomvar>
    <description>
      <short lang="fr">Température de l'air</short><short lang="en">Air
        temperature</short>
      <long lang="en">Temperature of the air, in full</long>
    </description>
    <measure><real><units>°C</units><magnitude>1e2</magnitude><min>-100</min><max>60</max>
      <precision>0.1</precision></real></measure></metvar>
  <metvar><nomvar ip1="1199">AL</nomvar>
    <description><short lang="en">Albedo over soil surface</short></description>
    <measure><real><units>fraction</units></real></measure></metvar>
  <metvar><nomvar ip1="1198">AL</nomvar>
    <description><short lang="en">Albedo over glacier surface</short></description>
    <measure><real><units>fraction</units></real></measure></metvar>
  <metvar><nomvar>PTYP</nomvar>
    <description><short lang="en">Precipitation type</short></description>
    <measure><code><value>1</value><meaning lang="fr">pluie</meaning>
      <meaning lang="en">rain</meaning><value>2</value><meaning lang="en">snow</meaning>
    </code></measure></metvar>
  <metvar usage="deprecated"><nomvar>OLD</nomvar>
    <description><short lang="en">Old thing</short></description>
    <measure><integer><units>furlong</units></integer></measure></metvar>
  <metvar><nomvar ip3="7" kind="3">LAY</nomvar><description/></metvar>
  <metvar><nomvar>HR</nomvar><measure><real><units>K</units></real></measure></metvar>
  <metvar><nomvar ip1="*">STAR</nomvar></metvar>
  <typvar><nomtype>P</nomtype><description><short lang="en">Forecast</short>
    <short lang="fr">Prévision</short></description></typvar>
</CMCRPN_DataDictionary>
"""


@pytest.fixture
def xml(tmp_path: Path) -> Path:
    path = tmp_path / "opdict" / "ops.variable_dictionary.xml"
    path.parent.mkdir()
    path.write_text(XML, encoding="utf-8")
    return path


@pytest.fixture
def _no_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CMCCONST", raising=False)
    monkeypatch.delenv("AFSISIO", raising=False)


@pytest.mark.usefixtures("_no_site")
def test_common_variables_are_known_without_any_file() -> None:
    tt = dictionary.lookup("TT")
    assert tt is not None
    assert (tt.long_name, tt.units, tt.units_label) == ("air temperature", "degC", "°C")
    assert tt.standard_name == "air_temperature"
    assert tt.title("fr") == "température de l'air"
    assert dictionary.lookup("tt  ") == tt
    assert dictionary.lookup("QQQQ") is None
    assert dictionary.lookup("") is None


def test_every_entry_of_the_built_in_table_is_whole() -> None:
    table = dictionary.builtin()
    assert len(table) == 142
    for name in table:
        variable = table.lookup(name)
        assert variable is not None
        assert 1 <= len(name) <= 4
        assert variable.long_name
        assert variable.long_name_fr
        assert variable.units or "or" in variable.units_label
        assert (variable.standard_name or "x").replace("_", "").isalnum()


def test_the_units_of_the_built_in_table_follow_from_its_labels() -> None:
    # A difference of temperatures, latitude and longitude: the name decides, not the label.
    special = {"ES": "K", "LA": "degrees_north", "LO": "degrees_east"}
    table = dictionary.builtin()
    for name in table:
        variable = table.lookup(name)
        assert variable is not None
        assert variable.units == special.get(name, to_udunits(variable.units_label)), name


@pytest.mark.parametrize(
    ("label", "units"),
    [
        ("mb", "hPa"),
        ("kts", "kt"),
        ("kg/m²", "kg m-2"),
        ("s⁻¹", "s-1"),
        ("µg/m³", "ug m-3"),
        ("pa/s", "Pa s-1"),
        ("Pa*s", "Pa s"),
        ("kg m-2 s-1", "kg m-2 s-1"),
        ("1/s", "s-1"),
        ("m^2/s**2", "m2 s-2"),
        ("J/kg/K", "J kg-1 K-1"),
        ("nil", "1"),
        ("°C or K", None),
        ("furlong", None),
        ("kg/", None),
        ("m 10 kg", None),
        ("m" * 1000, None),
    ],
)
def test_a_label_is_translated_or_not_known(label: str, units: str | None) -> None:
    assert to_udunits(label) == units


@given(st.text(max_size=80))
def test_any_label_gives_units_or_nothing(label: str) -> None:
    units = to_udunits(label)
    assert units is None or units.isascii()


@pytest.mark.usefixtures("_no_site")
def test_columns_agree_with_lookup_and_name_the_unknown_by_nomvar() -> None:
    names = ["TT", "XXXX", "GZ", "TT"]
    columns = dictionary.columns(names)
    air = "air temperature"
    assert columns["long_name"] == [air, "XXXX", "geopotential height", air]
    assert columns["units"] == ["degC", None, "dam", "degC"]
    assert columns["standard_name"][1] is None
    assert dictionary.columns(["GZ"], language="fr")["long_name"] == ["hauteur géopotentielle"]


def test_the_file_of_the_site_comes_first_and_the_table_fills_its_gaps(xml: Path) -> None:
    own = dictionary.load(xml)
    tt = own.lookup("TT")
    assert tt is not None
    assert tt.long_name == "Air temperature"
    assert tt.long_name_fr == "Température de l'air"
    assert tt.definition == "Temperature of the air, in full"
    assert (tt.units, tt.minimum, tt.maximum) == ("degC", "-100", "60")
    assert tt.standard_name == "air_temperature"
    assert tt.source == str(xml)
    assert own.lookup("GZ") == dictionary.builtin().lookup("GZ")
    assert "GZ" not in own
    assert "TT" in own


def test_a_current_entry_is_taken_before_older_ones(xml: Path) -> None:
    own = dictionary.load(xml)
    assert [v.usage for v in own.variants("TT")] == ["current", "obsolete"]
    old = own.lookup("OLD")
    assert old is not None
    assert (old.usage, old.units, old.units_label) == ("deprecated", None, "furlong")


def test_another_unit_than_the_table_s_loses_the_cf_name(xml: Path) -> None:
    hr = dictionary.load(xml).lookup("HR")
    assert hr is not None
    assert (hr.units, hr.standard_name) == ("K", None)


def test_entries_of_one_ip1_are_found_by_it_and_share_a_name_without_it(xml: Path) -> None:
    own = dictionary.load(xml)
    glacier, any_al = own.lookup("AL", ip1=1198), own.lookup("AL")
    assert glacier is not None
    assert any_al is not None
    assert glacier.long_name == "Albedo over glacier surface"
    assert any_al.long_name == "Albedo over surface"
    assert any_al.ip1 is None
    assert own.lookup("AL", ip1=12) == any_al
    assert own.labels("AL") == {1199: "soil", 1198: "glacier"}
    assert own.labels("TT") == {}


def test_codes_keep_their_meanings(xml: Path) -> None:
    kind = dictionary.load(xml).lookup("PTYP")
    assert kind is not None
    assert (kind.measure, kind.units) == ("code", "1")
    assert kind.meanings == (Meaning("1", "rain", "pluie"), Meaning("2", "snow", ""))


def test_a_number_that_is_none_does_not_narrow(xml: Path) -> None:
    star, layer = dictionary.load(xml).variants("STAR"), dictionary.load(xml).variants("LAY")
    assert star[0].ip1 is None
    assert layer[0].ip3 == 7
    assert layer[0].title() == "LAY"


def test_typvar_letters_come_from_the_file(xml: Path) -> None:
    assert dictionary.load(xml).typvars["P"]["fr"] == "Prévision"


@pytest.mark.usefixtures("_no_site")
@pytest.mark.parametrize(
    ("variable", "place"),
    [
        ("CMCCONST", "opdict/ops.variable_dictionary.xml"),
        ("AFSISIO", "datafiles/constants/opdict/ops.variable_dictionary.xml"),
        ("AFSISIO", "datafiles/constants/ops.variable_dictionary.xml"),
        ("AFSISIO", "datafiles/constants/stdf.variable_dictionary.xml"),
    ],
)
def test_the_environment_leads_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, place: str
) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(XML.replace("UTF-8", "ISO-8859-1"), encoding="latin-1")
    monkeypatch.setenv(variable, str(tmp_path))
    tt = dictionary.lookup("TT")
    assert tt is not None
    assert tt.source == str(path)
    assert tt.long_name_fr == "Température de l'air"


@pytest.mark.usefixtures("_no_site")
def test_cmcconst_is_asked_before_afsisio(
    xml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFSISIO", str(tmp_path / "nowhere"))
    monkeypatch.setenv("CMCCONST", str(tmp_path))
    assert dictionary.default().source == str(xml)


@pytest.mark.usefixtures("_no_site")
def test_a_named_directory_that_is_missing_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMCCONST", str(tmp_path / "missing"))
    with pytest.warns(DictionaryWarning, match="CMCCONST names .*missing"):
        tt = dictionary.lookup("TT")
    assert tt is not None
    assert tt.source == "built-in"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert dictionary.lookup("TT") == tt
        dictionary.columns(["UU"])


@pytest.mark.usefixtures("_no_site")
def test_a_damaged_file_of_the_site_is_told_and_done_without(
    xml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    xml.write_text(XML[:900], encoding="utf-8")
    monkeypatch.setenv("CMCCONST", str(tmp_path))
    with pytest.warns(DictionaryWarning, match="XML is damaged"):
        assert dictionary.lookup("TT") == dictionary.builtin().lookup("TT")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "damaged"),
        (b"\xff\xfe\x00", "damaged"),
        (b"<a><b></a>", "damaged"),
        (b"<a/>", "holds no <metvar>"),
        (b"<?xml version='1.0' encoding='klingon'?><a/>", "damaged"),
        (b"<!DOCTYPE a [<!ENTITY b 'bbbb'>]><a>&b;</a>", "declares an entity"),
        (b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "declares an entity"),
        (b"<!DOCTYPE a [<!ENTITY % b 'x'>]><a/>", "declares an entity"),
        (b"<a>" * 100, "deep"),
        (b"<a>" + b"<b/>" * 250_001 + b"</a>", "elements"),
        (b"<a>" + b" " * (16 << 20) + b"</a>", "MiB"),
    ],
)
def test_a_hostile_file_is_refused_with_its_name(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "hostile.xml"
    path.write_bytes(content)
    with pytest.raises(DictionaryError, match=reason) as caught:
        dictionary.load(path)
    assert str(path) in str(caught.value)


def test_a_truncated_dictionary_does_not_pass_for_a_whole_one(xml: Path) -> None:
    whole = xml.read_bytes().rstrip()
    for size in range(0, len(whole), 7):
        xml.write_bytes(whole[:size])
        with pytest.raises(DictionaryError):
            dictionary.load(xml)


def test_a_damaged_byte_gives_a_dictionary_or_an_error(xml: Path) -> None:
    whole = xml.read_bytes()
    for at in range(0, len(whole), 11):
        for byte in (0, ord("<"), 0xFF):
            xml.write_bytes(whole[:at] + bytes([byte]) + whole[at + 1 :])
            try:
                found = dictionary.load(xml)
            except DictionaryError:
                continue
            assert len(found) > 0


def test_a_file_that_is_not_there_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        dictionary.load(tmp_path / "none.xml")


def test_importing_the_dictionary_reads_no_xml_and_no_table() -> None:
    code = (
        "import sys, fst24.dictionary as d; "
        "assert 'xml.etree' not in sys.modules and 'pyexpat' not in sys.modules; "
        "assert d._dictionary._builtin_dictionary.cache_info().misses == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("nomvar", "code", "label"),
    [
        ("AL", 1, "soil"),
        ("AL  ", 4, "sea ice"),
        ("AL", 9, None),
        ("WSOL", 7, "2-3 m"),
        ("WSOL", 8, None),
        ("WSOL", 0, None),
        ("I0", 2, "deep"),
        ("I7", 2, "intermediate"),
        ("I7", -1, None),
        ("VF", 26, "mixed shrub"),
        ("TT", 1, None),
    ],
)
def test_levels_of_kind_3_are_named(nomvar: str, code: int, label: str | None) -> None:
    assert dictionary.layer_label(nomvar, code) == label
