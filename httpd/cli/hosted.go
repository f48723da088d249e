package cli

import (
	"maps"

	"penstock/engine"
	"penstock/engine/connector/sandbox"
	"penstock/engine/webhook"
	"penstock/httpd/hosted"
)

// settings of the hosted dialect.
func (h HostedConfig) settings() hosted.Settings {
	return hosted.Settings{
		RedirectParam: h.RedirectParam, ReplayStatus: h.ReplayStatus, BodyWindow: h.BodyDedupeWindow.Window(), ExternalIDUnique: h.ExternalIDUnique,
		RequireExternalID: h.RequireExternalID, LinkTTL: h.LinkTTL.D(), ReturnedFails: h.ReturnedAs == "failed", StandardWebhooks: h.WebhookProfile == "standard",
		Cards: h.Cards, HeadlessCards: h.HeadlessCards, Retries: h.RetryDetails,
	}
}

// magicAccounts are the test provider's, for the pages of test payments.
func magicAccounts() (out []hosted.Magic) {
	for _, m := range sandbox.MagicTable() {
		out = append(out, hosted.Magic{Name: m.Name, Meaning: m.Meaning, Card: m.Card, IBAN: m.IBAN, Account: m.Account, Email: m.Email, Phone: m.Phone})
	}
	return out
}

// withHosted adds the webhook bodies of the hosted dialect, which bear the
// appliance's address, to those of the others.
func (c Config) withHosted(others map[string]engine.Render) map[string]engine.Render {
	all := maps.Clone(others)
	if all == nil {
		all = map[string]engine.Render{}
	}
	all["hosted"] = hosted.Renderer(c.PublicURL(), c.Hosted.settings())
	return all
}

// ownHeader is how deliveries bear the signature by the token.
func (h HostedConfig) ownHeader() webhook.OwnHeader {
	return webhook.OwnHeader{Name: h.SignatureHeader, Encoding: h.SignatureEncoding, Prefix: h.SignaturePrefix}
}
