package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var errNoPackage = errors.New("the release has no package")

// unpack downloads a package of a release of Debian, and the libraries that it needs, and unpacks
// them without installing anything. It returns the path of the server, or errNoPackage.
func (b *bench) unpack(release, name string) (string, error) {
	dir := filepath.Join(b.packages(), release)
	root, pool := filepath.Join(dir, name), filepath.Join(dir, name+"-pool")
	start := filepath.Join(root, "start", name)
	if _, err := os.Stat(start); err == nil {
		return start, nil
	}
	apt, err := b.aptOf(release, dir)
	if err != nil {
		return "", err
	}
	needs, err := apt("apt-cache", "", "depends", "--recurse", "--no-recommends", "--no-suggests",
		"--no-conflicts", "--no-breaks", "--no-replaces", "--no-enhances", name)
	if err != nil && strings.Contains(err.Error(), "No packages found") {
		return "", fmt.Errorf("%w %s", errNoPackage, name)
	}
	if err != nil {
		return "", err
	}
	download := []string{"download"}
	for line := range strings.Lines(needs) {
		if line = strings.TrimSpace(line); neededPackage.MatchString(line) {
			download = append(download, line)
		}
	}
	b.must(os.MkdirAll(pool, 0o755))
	slices.Sort(download[1:]) // some packages are needed by several
	if _, err := apt("apt-get", pool, slices.Compact(download)...); err != nil {
		return "", err
	}
	archives, _ := filepath.Glob(filepath.Join(pool, "*.deb"))
	for _, archive := range archives {
		if out, err := exec.Command("dpkg-deb", "-x", archive, root).CombinedOutput(); err != nil {
			return "", fmt.Errorf("dpkg-deb: %s", out)
		}
	}
	loaders := glob(root, "lib64/ld-linux-*", "usr/lib64/ld-linux-*", "lib/*/ld-linux-*",
		"usr/lib/*/ld-linux-*")
	if len(loaders) == 0 {
		return "", fmt.Errorf("the packages have no loader")
	}
	libraries := strings.Join(glob(root, "lib/*-linux-gnu", "usr/lib/*-linux-gnu"), ":")
	script := fmt.Sprintf("#!/bin/sh\nexec %s --library-path %s %s \"$@\"\n",
		loaders[len(loaders)-1], libraries, filepath.Join(root, "usr/bin", name))
	b.must(os.MkdirAll(filepath.Dir(start), 0o755))
	return start, os.WriteFile(start, []byte(script), 0o755)
}

// neededPackage matches what a server is made of: itself, its tools, and libraries.
var neededPackage = regexp.MustCompile(`^(redis|valkey|lib|lua|zlib1g)[-+.\w]*$`)

func glob(root string, patterns ...string) (all []string) {
	for _, pattern := range patterns {
		found, _ := filepath.Glob(filepath.Join(root, pattern))
		all = append(all, found...)
	}
	return all
}

// packages is the folder where packages of Debian stay, for the next run.
func (b *bench) packages() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return b.TempDir()
	}
	return filepath.Join(cache, "flashgin-servers")
}

// aptOf returns a function that calls apt for a release, with lists and a state of its own. It
// takes the mirror that this machine uses.
func (b *bench) aptOf(
	release, dir string,
) (func(command, in string, args ...string) (string, error), error) {
	targets, err := exec.Command("apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)",
		"Identifier: Packages").Output()
	mirror := ""
	for line := range strings.Lines(string(targets)) {
		if uri, ok := strings.CutPrefix(strings.TrimSpace(line), "Debian "); ok && mirror == "" {
			mirror = uri
		}
	}
	if err != nil || mirror == "" {
		return nil, fmt.Errorf("apt-get knows no mirror of Debian: run apt-get update")
	}
	for _, folder := range []string{"lists/partial", "cache/archives/partial"} {
		b.must(os.MkdirAll(filepath.Join(dir, folder), 0o755))
	}
	const key = "/usr/share/keyrings/debian-archive-keyring.gpg"
	var sources []byte
	base, backports := strings.CutSuffix(release, "-backports") // which lack most libraries
	suites := []string{release}
	if backports {
		suites = append(suites, base)
	}
	for _, suite := range suites {
		sources = fmt.Appendf(sources, "deb [signed-by=%s] %s %s main\n", key, mirror, suite)
	}
	b.must(os.WriteFile(filepath.Join(dir, "sources.list"), sources, 0o644))
	b.must(os.WriteFile(filepath.Join(dir, "status"), nil, 0o644))
	apt := func(command, in string, args ...string) (string, error) {
		options := []string{"-q"}
		for _, option := range []string{
			"Dir::Etc::sourcelist=" + dir + "/sources.list", "Dir::Etc::sourceparts=/dev/null",
			"Dir::State::lists=" + dir + "/lists", "Dir::State::status=" + dir + "/status",
			"Dir::Cache=" + dir + "/cache", "APT::Sandbox::User=root", "Acquire::Languages=none",
			"Acquire::Retries=5",
			"Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
		} {
			options = append(options, "-o", option)
		}
		cmd := exec.Command(command, append(options, args...)...)
		cmd.Dir = in
		out, err := cmd.Output()
		if exit, ok := err.(*exec.ExitError); ok {
			err = fmt.Errorf("%s %s: %s", command, args[0], bytes.TrimSpace(exit.Stderr))
		}
		return string(out), err
	}
	_, err = apt("apt-get", "", "update")
	return apt, err
}
