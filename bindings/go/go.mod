module lockstep

go 1.19
