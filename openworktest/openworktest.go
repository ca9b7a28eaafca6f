// Package openworktest helps to test what is built on openwork, without WeCom.
package openworktest

import "slices"

// Sample is a push as WeCom would send it, before encryption, with every documented field filled.
type Sample struct {
	Name    string // openwork.Message.Name
	Channel string // the URL it comes to: "command", "data" or "provider" (system events)
	Apps    string // "third_party", "customized", "both", "provider"; "neither": by its page not sent to providers
	XML     string
}

// Samples are pushes of every event and message in the catalogue, one for each form it comes in. Those of the command
// channel are made for the suite ww1a2b3c4d5e6f7a8b, those of the system event URL for the provider wwprovider00000001,
// and those of the data channel for the corp wpcustomer00000001.
func Samples() []Sample { return slices.Clone(samples) }
