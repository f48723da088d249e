package rest

import (
	"encoding/json"

	"penstock/httpd/wire"
)

// connectorRequest connects an account at a provider, or changes it.
type connectorRequest struct {
	Type       *connectorType   `json:"connector_type"`
	Name       *string          `json:"connector_name"`
	Label      *string          `json:"connector_label"`
	ProfileID  *string          `json:"profile_id"`
	Country    *countryCode     `json:"business_country"`
	Business   *string          `json:"business_label"`
	Details    *connectorSecret `json:"connector_account_details"`
	Methods    *carriedList     `json:"payment_methods_enabled"`
	Metadata   wire.Object      `json:"metadata"`
	TestMode   *bool            `json:"test_mode"`
	Disabled   *bool            `json:"disabled"`
	Status     *connectorStatus `json:"status"`
	Webhook    *connectorHook   `json:"connector_webhook_details"`
	Additional wire.Object      `json:"additional_merchant_data"`
}

type connectorType string

func (t *connectorType) UnmarshalText(text []byte) error {
	return wire.OneOf(t, text, "payment_processor", "payment_vas", "fin_operations", "fiz_operations", "networks", "banking_entities", "non_banking_finance", "payout_processor", "payment_method_auth")
}

type connectorStatus string

func (s *connectorStatus) UnmarshalText(text []byte) error {
	return wire.OneOf(s, text, "active", "inactive")
}

// connectorSecret is what an account is connected with.
type connectorSecret struct {
	AuthType *string `json:"auth_type"`
	text     map[string]string
}

// authFields are the members that each auth_type must have.
func authFields() map[string][]string {
	return map[string][]string{"HeaderKey": {"api_key"}, "BodyKey": {"api_key", "key1"}, "SignatureKey": {"api_key", "key1", "api_secret"},
		"MultiAuthKey": {"api_key", "key1", "api_secret", "key2"}, "NoKey": nil}
}

func (s *connectorSecret) UnmarshalJSON(b []byte) error {
	var f fields
	if err := f.UnmarshalJSON(b); err != nil {
		return err
	}
	for name := range f.odd {
		return &wire.DecodeError{Kind: wire.KindType, Path: "/" + name, Rule: "must be a string", Got: f.odd[name]}
	}
	word, ok := f.text["auth_type"]
	if !ok {
		return missingMember("auth_type")
	}
	var kind string
	if err := wire.OneOf(&kind, []byte(word), "HeaderKey", "BodyKey", "SignatureKey", "MultiAuthKey", "NoKey"); err != nil {
		return err
	}
	s.AuthType, s.text = &kind, map[string]string{}
	for _, name := range authFields()[kind] {
		v, ok := f.text[name]
		if !ok {
			return missingMember(name)
		}
		if len(v) > 4096 {
			return wire.Rule(name + " must have at most 4096 characters")
		}
		s.text[name] = v
	}
	return nil
}

// connectorHook is how the provider's notifications are verified.
type connectorHook struct {
	Secret     *string `json:"merchant_secret"`
	Additional *string `json:"additional_secret"`
}

// carriedList is a list that is echoed as it was sent.
type carriedList json.RawMessage

func (c *carriedList) UnmarshalJSON(b []byte) error {
	text, depth := compact(b)
	switch {
	case len(text) == 0 || text[0] != '[':
		return wire.Rule("must be a list")
	case depth > wire.MaxObjectDepth || len(text) > wire.MaxObjectBytes:
		return wire.Rule("must be shorter, and nest less deep")
	}
	*c = text
	return nil
}

// connectorExtra is what only this dialect knows of a provider account. Its
// secrets are masked.
type connectorExtra struct {
	Type       string            `json:"type,omitzero"`
	Auth       map[string]string `json:"auth,omitzero"`
	Methods    json.RawMessage   `json:"methods,omitzero"`
	Metadata   json.RawMessage   `json:"metadata,omitzero"`
	TestMode   *bool             `json:"test_mode,omitzero"`
	Country    string            `json:"country,omitzero"`
	Business   string            `json:"business,omitzero"`
	Hook       string            `json:"hook,omitzero"`
	Additional json.RawMessage   `json:"additional,omitzero"`
}

type connectorResponse struct {
	Type       string            `json:"connector_type"`
	Name       string            `json:"connector_name"`
	Label      string            `json:"connector_label"`
	ID         string            `json:"merchant_connector_id"`
	ProfileID  *string           `json:"profile_id"`
	Details    map[string]string `json:"connector_account_details"`
	Methods    json.RawMessage   `json:"payment_methods_enabled"`
	Hook       *connectorHook    `json:"connector_webhook_details"`
	Metadata   json.RawMessage   `json:"metadata"`
	TestMode   *bool             `json:"test_mode"`
	Disabled   bool              `json:"disabled"`
	Country    *string           `json:"business_country"`
	Business   *string           `json:"business_label"`
	Additional json.RawMessage   `json:"additional_merchant_data"`
	Status     string            `json:"status"`
}

type connectorDeleted struct {
	MerchantID string `json:"merchant_id"`
	ID         string `json:"merchant_connector_id"`
	Deleted    bool   `json:"deleted"`
}
