package openwork_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What docs/faults.md says: each line of its tables names at least one test and, behind it, the file it is in; text in
// double quotes is from that file. A test that is named after a line stands in that line.
func TestDocs_FaultsNameTestsThatExist(t *testing.T) {
	t.Parallel()
	tests, sources := testsOfRepository(t)
	document, err := os.ReadFile(filepath.Join("docs", "faults.md"))
	require.NoError(t, err)

	word := regexp.MustCompile("`([^`]*)`|\"([^\"]*)\"")
	testName := regexp.MustCompile(`^Test\w+$`)
	named := map[string]bool{} // a line's id and a test, or a test alone
	for line := range strings.Lines(string(document)) {
		var waiting, quoted, files []string // tests whose file is still to come; what is quoted, and from where
		for _, match := range word.FindAllStringSubmatch(line, -1) {
			switch name := match[1]; {
			case testName.MatchString(name):
				waiting = append(waiting, name)
			case strings.HasSuffix(name, "_test.go"):
				for _, test := range waiting {
					assert.Contains(t, tests[name], test, "%s is not in %s", test, name)
					named[test] = true
				}
				files, waiting = append(files, sources[name]), nil
			case match[2] != "":
				quoted = append(quoted, match[2])
			}
		}
		assert.Empty(t, waiting, "no file behind it: %s", line)

		cells := strings.Split(line, "|")
		if len(cells) < 4 || strings.Trim(cells[1], " -") == "" || strings.TrimSpace(cells[len(cells)-2]) == "Test" {
			continue // no row of a table, or its head
		}
		assert.NotEmpty(t, files, "no test: %s", line)
		for _, text := range quoted {
			assert.Contains(t, strings.Join(files, ""), text, "no such row of a test: %s", line)
		}
		for _, match := range word.FindAllStringSubmatch(cells[len(cells)-2], -1) {
			named[strings.TrimSpace(cells[1])+" "+match[1]] = true
		}
	}

	afterLine := regexp.MustCompile(`^Test([QXCRKHOU][0-9]+)_`)
	for file := range tests {
		for test := range tests[file] {
			if id := afterLine.FindStringSubmatch(test); id != nil {
				assert.True(t, named[id[1]+" "+test], "line %s of docs/faults.md does not name %s, in %s", id[1], test, file)
			}
		}
	}
	assert.NotEmpty(t, named)
}

// testsOfRepository is the top-level tests of each file, whatever its build constraints, and the text of each file, by the
// file's path below the root.
func testsOfRepository(t *testing.T) (tests map[string]map[string]bool, sources map[string]string) {
	t.Helper()
	declaration := regexp.MustCompile(`(?m)^func (Test\w+)\(\w+ \*testing\.T\)`)
	tests, sources = map[string]map[string]bool{}, map[string]string{}
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(path)
		sources[name], tests[name] = string(source), map[string]bool{}
		for _, match := range declaration.FindAllStringSubmatch(string(source), -1) {
			tests[name][match[1]] = true
		}
		return nil
	}))
	return tests, sources
}
