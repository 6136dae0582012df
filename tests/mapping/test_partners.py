"""The partner, its nodes and its connection, as a file declares them."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from hub.model.node import NodeKind
from tests.mapping.lab import HEAD, FileSettings, Lab, ShopSettings


class TestNodes:
    @pytest.mark.parametrize(
        ("role", "kind"),
        [
            ("supplier", NodeKind.SUPPLIER),
            ("warehouse", NodeKind.WAREHOUSE),
            ("store", NodeKind.STORE),
            ("3pl", NodeKind.THIRD_PARTY),
        ],
    )
    def test_a_partner_without_nodes_has_one_of_its_own_kind(self, lab: Lab, role: str, kind: NodeKind) -> None:
        path = lab.write(HEAD.replace('"supplier"', f'"{role}"\nname = "Acme Outdoor"'))
        (node,) = lab.open(path).partner.nodes
        assert (node.code, node.name, node.kind, node.partner) == ("ACME", "Acme Outdoor", kind, "acme")

    @pytest.mark.parametrize("code", ["", "x" * 200])
    def test_a_code_that_is_none_is_told_once_and_makes_no_node(self, lab: Lab, code: str) -> None:
        (problem,) = lab.problems("", head=HEAD.replace('"acme"', f'"{code}"'))
        assert problem.startswith("acme.toml:3:8: partner.code: ")

    def test_a_channel_has_no_node(self, lab: Lab) -> None:
        assert lab.open(lab.write(HEAD.replace('"supplier"', '"channel"'))).partner.nodes == ()

    def test_declared_nodes_take_their_kind_from_the_role_unless_they_say_otherwise(self, lab: Lab) -> None:
        text = """
[nodes.EAST]
costs = { per_order = 1.5 }
coordinates = { latitude = 30.25, longitude = -97.75 }
address = { country = "US", city = "Austin" }
handles = ["hazmat"]
[nodes.SHOP]
kind = "store"
pick_up = true
"""
        east, shop = lab.load(text).partner.nodes
        assert (east.code, east.kind, str(east.costs.per_order), east.partner) == ("EAST", "supplier", "1.5", "acme")
        assert east.coordinates is not None
        assert (shop.kind, shop.pick_up) == ("store", True)

    def test_a_nodes_hours_are_in_the_partners_time_zone_unless_they_name_another(self, lab: Lab) -> None:
        text = """
[nodes.EAST.hours]
cut_off = "14:00"
closed = [2026-12-25, "2026-01-01"]
[nodes.WEST.hours]
timezone = "America/Denver"
[nodes.SOUTH]
"""
        east, west, south = lab.load(text).partner.nodes
        assert (east.hours.timezone, west.hours.timezone) == ("America/Chicago", "America/Denver")
        assert east.hours.closed == {"2026-12-25", "2026-01-01"}
        assert [each.hours.declared for each in (east, west, south)] == [True, True, False]

    def test_what_is_wrong_with_hours_is_told_where_it_stands(self, lab: Lab) -> None:
        text = '[nodes.EAST.hours]\ntimezone = "Mars/Base"\nclosed = ["25.12."]\nweekdays = [8]\ncutoff = "9:00"\n'
        told = "\n".join(lab.problems(text))
        assert "'Mars/Base' is not a time zone name such as 'America/Chicago'" in told
        assert "'25.12.' is not a day such as 2026-12-25" in told
        assert "unknown setting 'cutoff'; did you mean 'cut_off'?" in told

    def test_a_channel_may_declare_a_store_that_ships(self, lab: Lab) -> None:
        text = HEAD.replace('"supplier"', '"channel"') + '[nodes.S1]\nkind = "store"\n'
        assert [node.code for node in lab.open(lab.write(text)).partner.nodes] == ["S1"]
        assert "[nodes.S1] needs 'kind'" in "".join(
            lab.problems("[nodes.S1]\n", head=HEAD.replace("supplier", "channel"))
        )

    def test_nodes_do_not_stand_in_the_partner(self, lab: Lab) -> None:
        head = HEAD.replace("[connection]", "nodes = []\n[connection]")
        assert lab.problems("", head=head) == ["acme.toml:6:1: nodes stand in tables of their own: [nodes.CODE]"]


class TestConnection:
    def test_secrets_are_looked_up_and_never_shown(self, lab: Lab) -> None:
        file = lab.load('password = "secret:acme_sftp"\n[connection.waits]\nkey = "secret:shop_token"\n')
        assert isinstance(file.settings, FileSettings)
        assert file.settings.password == SecretStr("hunter22")
        assert file.settings.waits.key == SecretStr("tok")
        assert "hunter22" not in repr(file)

    def test_a_secret_is_not_echoed_by_a_problem(self, lab: Lab) -> None:
        problems = lab.problems('password = "hunter2-literal"\nready = 5\n')
        assert len(problems) == 2
        assert "hunter2-literal" not in "".join(problems)

    def test_a_connector_without_documents_translates_nothing(self, lab: Lab) -> None:
        text = """
version = 1
[partner]
code = "shop"
role = "channel"
[connection]
connector = "shop"
token = "secret:shop_token"
[connection.locations]
"101" = "DC1"
"""
        file = lab.open(lab.write(text))
        assert isinstance(file.settings, ShopSettings)
        assert file.settings.locations == {"101": "DC1"}
        profile = file.profile()
        assert (profile.partner.code, profile.translator, profile.hash) == ("shop", None, file.hash)
        assert profile.settings is file.settings

    def test_a_profile_hands_the_documents_over(self, lab: Lab) -> None:
        text = "[documents.s]\ndirection = 'in'\nmakes = 'stock_level'\nmode = 'delta'\nfiles = '/x*'\n"
        file = lab.load(text + "[documents.s.fields]\nsku = 'I'\nquantity = 'Q'\n")
        translator = file.profile().translator
        assert translator is not None
        assert translator.files("s") == "/x*"
        assert [spec.name for spec in translator.documents()] == ["s"]
