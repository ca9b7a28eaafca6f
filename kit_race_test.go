//go:build race

package openwork_test

// underRace: the race detector makes everything ten times as slow.
const underRace = true
