# go.sh <source> <folder of liblockstep_c> <work folder>: tests the Go package, with checks of what
# crosses to C, and runs its README's program, which must find equal digests.
set -eu
source=$1 library=$2 work=$3
export CGO_ENABLED=1 CGO_CFLAGS="-I$source/bindings/c" CGO_LDFLAGS="-L$library" \
    LD_LIBRARY_PATH="$library" GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local
cd "$source/bindings/go"
test -z "$(gofmt -l .)"
go vet ./...
case $(go version) in
    *go1.19* | *go1.20*) GODEBUG=cgocheck=2 go test -count=1 -bench . -benchtime 20x ./... ;;
    *) GOEXPERIMENT=cgocheck2 go test -count=1 -bench . -benchtime 20x ./... ;;
esac
rm -rf "$work"
mkdir -p "$work"
sh "$source/tests/bindings/readme_program.sh" README.md go "$work/main.go"
cat >"$work/go.mod" <<END
module example

go 1.19

require lockstep v0.0.0

replace lockstep => $source/bindings/go
END
cd "$work"
go run . | tee output
tail -1 output | grep -qx true
