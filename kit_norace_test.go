//go:build !race

package openwork_test

const underRace = false
