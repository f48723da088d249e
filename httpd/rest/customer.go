package rest

import (
	"encoding/json"

	"penstock/httpd/wire"
)

// addressShape is AddressDetails. It is checked and carried as it was sent.
type addressShape struct {
	City      *string      `json:"city"`
	Country   *countryCode `json:"country"`
	Line1     *string      `json:"line1"`
	Line2     *string      `json:"line2"`
	Line3     *string      `json:"line3"`
	Zip       *string      `json:"zip"`
	State     *string      `json:"state"`
	FirstName *string      `json:"first_name"`
	LastName  *string      `json:"last_name"`
	OriginZip *string      `json:"origin_zip"`
}

// billingShape is a billing Address.
type billingShape struct {
	Address *addressShape `json:"address"`
	Phone   *phoneShape   `json:"phone"`
	Email   *emailText    `json:"email"`
}

type phoneShape struct {
	Number      *string `json:"number"`
	CountryCode *string `json:"country_code"`
}

// customerRequest creates or updates a customer; everything is optional.
type customerRequest struct {
	CustomerID       *chosenID              `json:"customer_id"`
	Name             *string                `json:"name"`
	Email            *emailText             `json:"email"`
	Phone            *string                `json:"phone"`
	PhoneCountryCode *string                `json:"phone_country_code"`
	Description      *string                `json:"description"`
	Address          *carried[addressShape] `json:"address"`
	Metadata         wire.Object            `json:"metadata"`
	TaxID            *string                `json:"tax_registration_id"`
	Document         wire.Object            `json:"document_details"`
}

type customerResponse struct {
	CustomerID       string          `json:"customer_id"`
	Name             *string         `json:"name"`
	Email            *string         `json:"email"`
	Phone            *string         `json:"phone"`
	PhoneCountryCode *string         `json:"phone_country_code"`
	Description      *string         `json:"description"`
	Address          json.RawMessage `json:"address"`
	CreatedAt        string          `json:"created_at"`
	Metadata         json.RawMessage `json:"metadata"`
	DefaultMethod    *string         `json:"default_payment_method_id"`
	TaxID            *string         `json:"tax_registration_id"`
	Document         json.RawMessage `json:"document_details"`
}

type customerDeleted struct {
	CustomerID     string `json:"customer_id"`
	Deleted        bool   `json:"customer_deleted"`
	AddressDeleted bool   `json:"address_deleted"`
	MethodsDeleted bool   `json:"payment_methods_deleted"`
}

type customerPage struct {
	Data  []customerResponse `json:"data"`
	Total int                `json:"total_count"`
}
