"""What a sound is called, and which sound a row means."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from .fields import name_id, present, spelled


def sound_key(title: ir.StringValue, artist: ir.StringValue) -> ir.StringValue:
    """`Title - Artist`, single blanks; the title alone where no artist is known, NULL without a title."""
    return spelled(title + ibis.coalesce(" - " + present(artist), ""))


def sound_id(platform: str, external_id: ir.StringValue, key: ir.StringValue) -> ir.StringValue:
    """`platform:external id`; else the sound's key with its case folded. An external id of 0 is none."""
    known = present(external_id).nullif("0")
    return ibis.coalesce(f"{platform}:" + known, name_id(key))
