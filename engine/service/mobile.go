package service

// mobileMethods are accounts at mobile operators. The telephone number is the
// account; which countries a service reaches is told by its pattern.
var mobileMethods = []Method{
	mobile("mpesa", "M-Pesa"),
	mobile("mtn_momo", "MTN MoMo"),
	mobile("airtel_money", "Airtel Money"),
	mobile("orange_money", "Orange Money"),
	mobile("moov_money", "Moov Money"),
	mobile("tigo_pesa", "Tigo Pesa (Mixx by Yas)"),
	mobile("vodafone_cash", "Vodafone Cash (Telecel Cash)"),
	mobile("wave", "Wave"),
	mobile("ecocash", "EcoCash"),
	mobile("telebirr", "telebirr"),
	mobile("bkash", "bKash"),
	mobile("easypaisa", "Easypaisa"),
	mobile("jazzcash", "JazzCash"),
	mobile("gcash", "GCash"),
}

func mobile(name, label string) Method {
	number := required(phone(CheckMobile))
	number.Hint = "with country code, e.g. +254 712 345678"
	return Method{Name: name, Kind: Wallet, Label: label, service: name, family: name, Fields: []Field{number, holderName}}
}
