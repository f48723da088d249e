package service

import "slices"

// methods is the schema of every method. Keys are those of the saved-method
// dialect; other dialects translate.
var methods = slices.Concat(ownMethods, mobileMethods)

var ownMethods = []Method{
	{Name: "card", Kind: Card, Label: "Card", service: "payment_card", family: "card", Fields: []Field{
		cardNumber, required(expiryMonth), required(expiryYear), holder("card_holder_name", "Name on the card"), network,
		text("nick_name", "Name for this card", 64), text("card_issuer", "Issuing bank", 128), text("card_type", "Type of card", 32), country("card_issuing_country", "Country of the issuer")}},
	{Name: "payment_card", Kind: Card, Label: "Card", service: "payment_card", family: "card", Fields: []Field{
		cardNumber, expiryMonth, expiryYear, holder("card_holder_name", "Name on the card"), network}},

	{Name: "ach", Kind: Bank, Label: "Bank account (US)", service: "ach", family: "ach", Fields: []Field{
		holderName,
		account("bank_account_number", "Account number", "4 to 17 letters and digits", CheckUSAccount, true),
		{Key: "bank_routing_number", Label: "Routing number", Hint: "9 digits", Required: true, Max: 16, Check: CheckRouting, Sensitive: true, Mask: MaskRoutingRule, names: true},
		bankName, bankCountry, bankCity}},
	{Name: "bacs", Kind: Bank, Label: "Bank account (UK)", service: "bacs", family: "bacs", Fields: []Field{
		holderName,
		account("bank_account_number", "Account number", "6 to 8 digits", CheckUKAccount, true),
		{Key: "bank_sort_code", Label: "Sort code", Hint: "6 digits, e.g. 12-34-56", Required: true, Max: 16, Check: CheckSortCode, Sensitive: true, Mask: MaskSortCodeRule, names: true},
		bankName, bankCountry, bankCity}},
	{Name: "sepa", Kind: Bank, Label: "Bank account (SEPA)", service: "sepa", family: "sepa", Fields: []Field{
		holderName, iban(CheckSEPAIBAN, true),
		{Key: "bic", Label: "BIC", Hint: "8 or 11 letters and digits", Max: 20, Check: CheckBIC, Sensitive: true, Mask: MaskBICRule},
		bankName, bankCountry, bankCity}},
	{Name: "sepa_credit_transfer_individual", Kind: Bank, Label: "Bank account of a person (SEPA)", service: "sepa_credit_transfer_individual", family: "sepa", Fields: []Field{
		required(text("first_name", "First name", 70)), required(text("last_name", "Last name", 70)), iban(CheckSEPAIBAN, true),
		text("descriptor", "Text for the beneficiary", 140)}},
	{Name: "swift", Kind: Bank, Label: "Bank account (international)", service: "swift", family: "swift", Fields: []Field{
		{Key: "bic", Label: "BIC (SWIFT code)", Hint: "8 or 11 letters and digits", Required: true, Max: 20, Check: CheckBIC, Sensitive: true, Mask: MaskBICRule, names: true},
		account("bank_account_number", "Account number or IBAN", "", CheckAnyAccount, true), required(holderName),
		required(country("country_code", "Country of the beneficiary")), required(text("address", "Address of the beneficiary", 140)),
		text("purpose", "Purpose of the payment", 140)}},
	{Name: "pix", Kind: Bank, Label: "Pix", service: "pix", family: "pix", AnyOf: []string{"pix_key", "bank_account_number", "emv"}, Fields: []Field{
		pixKey, account("bank_account_number", "Account number", "", CheckAccount, false), emv,
		{Key: "bank_branch", Label: "Branch", Max: 34, Check: CheckAccount, Mask: MaskNone, names: true},
		{Key: "ispb", Label: "ISPB", Hint: "8 letters and digits", Max: 8, Check: CheckISPB, Mask: MaskNone, names: true},
		taxID, bankName, holderName}},
	{Name: "pix_key", Kind: Bank, Label: "Pix key", service: "pix", family: "pix", Fields: []Field{
		required(pixKey), taxID, bankName, holderName}},
	{Name: "pix_emv", Kind: Bank, Label: "Pix code", service: "pix", family: "pix", Fields: []Field{
		required(emv), taxID, bankName, holderName}},
	{Name: "trustly", Kind: Bank, Label: "Trustly", service: "trustly", family: "trustly", AnyOf: []string{"iban", "account_number"}, Fields: []Field{
		named(required(country("country_code", "Country of the bank"))), iban(CheckIBAN, false),
		account("account_number", "Account number", "", CheckAccount, false),
		account("bank_number", "Bank number", "", CheckAccount, false), holderName}},
	{Name: "open_banking", Kind: Bank, Label: "Open banking", service: "open_banking", family: "open_banking", Fields: []Field{
		required(holderName), iban(CheckIBAN, true)}},

	{Name: "paypal", Kind: Wallet, Label: "PayPal", service: "paypal", family: "paypal", AnyOf: []string{"email", "telephone_number", "paypal_id"}, Fields: []Field{
		email(false), phone(CheckPhone),
		{Key: "paypal_id", Label: "PayPal account", Max: 64, Check: CheckToken, Sensitive: true, Mask: MaskTokenRule, names: true}}},
	{Name: "venmo", Kind: Wallet, Label: "Venmo", service: "venmo", family: "venmo", Fields: []Field{
		required(phone(CheckUSPhone))}},
	{Name: "apple_pay_decrypt", Kind: Wallet, Label: "Apple Pay", service: "apple_pay", family: "apple_pay", Fields: []Field{
		deviceNumber("dpan"), required(expiryMonth), required(expiryYear), holder("card_holder_name", "Name on the card"), network}},
	{Name: "google_pay_decrypt", Kind: Wallet, Label: "Google Pay", service: "google_pay", family: "google_pay", Fields: []Field{
		deviceNumber("application_primary_account_number"), required(expiryMonth), required(expiryYear), holder("card_holder_name", "Name on the card"), network}},

	{Name: "interac", Kind: BankRedirect, Label: "Interac e-Transfer", service: "interac", family: "interac", Fields: []Field{email(true)}},
	{Name: "open_banking_uk", Kind: BankRedirect, Label: "Open banking (UK)", service: "open_banking_uk", family: "open_banking_uk", Fields: []Field{
		required(holderName), iban(CheckIBAN, true)}},

	{Name: "passthrough", Kind: Passthrough, Label: "Token of the provider", service: "passthrough", family: "passthrough", Fields: []Field{
		{Key: "psp_token", Label: "Token", Required: true, Max: 512, Check: CheckToken, Sensitive: true, Mask: MaskTokenRule, names: true},
		{Key: "psp_customer_id", Label: "Customer at the provider", Max: 256, Check: CheckToken, Sensitive: true, Mask: MaskTokenRule, names: true},
		{Key: "token_type", Label: "Type of the token", Hint: "a payment method type, e.g. debit", Required: true, Max: 64, Check: CheckWord, Mask: MaskNone, names: true}}},

	{Name: "test", Kind: Test, Label: "Test", service: "test", family: "test", Fields: []Field{
		account("account", "Account", "1 to 64 letters, digits, underscores and hyphens", CheckTest, true),
		{Key: "test_details_success_rate", Label: "Success rate (%)", Hint: "0 to 100", Max: 3, Check: CheckPercent, Mask: MaskNone},
		{Key: "test_details_payout_status", Label: "Expected status", Max: 64, Check: CheckPhrase, Mask: MaskNone},
		{Key: "test_details_payout_resolution", Label: "Expected resolution", Max: 64, Check: CheckPhrase, Mask: MaskNone}}},
}

// Fields that several methods share.
var (
	cardNumber  = Field{Key: "card_number", Label: "Card number", Hint: "8 to 19 digits", Required: true, Max: 64, Check: CheckCardNumber, Sensitive: true, Mask: MaskCardRule, names: true}
	expiryMonth = Field{Key: "expiry_month", Label: "Expires (month)", Hint: "1 to 12", Max: 2, Check: CheckMonth, Mask: MaskNone}
	expiryYear  = Field{Key: "expiry_year", Label: "Expires (year)", Hint: "e.g. 30 or 2030", Max: 4, Check: CheckYear, Mask: MaskNone}
	network     = text("card_network", "Network", 32)
	holderName  = holder("account_holder_name", "Name of the account's holder")
	bankName    = text("bank_name", "Bank", 128)
	bankCountry = country("bank_country_code", "Country of the bank")
	bankCity    = text("bank_city", "City of the bank", 128)
	pixKey      = Field{Key: "pix_key", Label: "Pix key", Hint: "e-mail, phone, CPF, CNPJ or random key", Max: 77, Check: CheckPixKey, Sensitive: true, Mask: MaskPixKeyRule, names: true}
	emv         = Field{Key: "emv", Label: "Pix copy-and-paste code", Max: 512, Check: CheckPrintable, Sensitive: true, Mask: MaskAccountRule, names: true}
	taxID       = Field{Key: "tax_id", Label: "CPF or CNPJ", Max: 20, Check: CheckAccount, Sensitive: true, Mask: MaskAccountRule}
)

func required(f Field) Field { f.Required = true; return f }

func named(f Field) Field { f.names = true; return f }

func text(key, label string, most int) Field {
	return Field{Key: key, Label: label, Max: most, Check: CheckText, Mask: MaskNone}
}

func holder(key, label string) Field {
	return text(key, label, 140)
}

func country(key, label string) Field {
	return Field{Key: key, Label: label, Hint: "two letters, e.g. DE", Max: 2, Check: CheckCountry, Mask: MaskNone}
}

func account(key, label, hint string, check Check, must bool) Field {
	return Field{Key: key, Label: label, Hint: hint, Required: must, Max: 64, Check: check, Sensitive: true, Mask: MaskAccountRule, names: true}
}

func iban(check Check, must bool) Field {
	return Field{Key: "iban", Label: "IBAN", Hint: "e.g. DE89 3704 0044 0532 0130 00", Required: must, Max: 64, Check: check, Sensitive: true, Mask: MaskIBANRule, names: true}
}

func email(must bool) Field {
	return Field{Key: "email", Label: "E-mail", Required: must, Max: 254, Check: CheckEmail, Sensitive: true, Mask: MaskEmailRule, names: true}
}

func phone(check Check) Field {
	return Field{Key: "telephone_number", Label: "Telephone", Hint: "with country code, e.g. +49 30 123456", Max: 32, Check: check, Sensitive: true, Mask: MaskPhoneRule, names: true}
}

func deviceNumber(key string) Field {
	return Field{Key: key, Label: "Device card number", Hint: "8 to 19 digits", Required: true, Max: 64, Check: CheckCardNumber, Sensitive: true, Mask: MaskCardRule, names: true}
}
