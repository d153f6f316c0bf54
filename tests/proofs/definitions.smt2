; What the code computes, over mathematical integers. `div` of SMT-LIB rounds toward negative
; infinity for a positive divisor; the operators of C++ are built from it.

; engine/base/rounding.hpp
(define-fun quotient ((a Int) (b Int)) Int (ite (>= a 0) (div a b) (- (div (- a) b))))
(define-fun remainder ((a Int) (b Int)) Int (- a (* b (quotient a b))))
(define-fun floor_div ((a Int) (b Int)) Int
  (- (quotient a b) (ite (< (remainder a b) 0) 1 0)))
(define-fun ceil_div ((a Int) (b Int)) Int
  (+ (quotient a b) (ite (> (remainder a b) 0) 1 0)))
(define-fun nearest_div ((a Int) (b Int)) Int (floor_div (+ (* 2 a) b) (* 2 b)))
(define-fun magnitude ((a Int)) Int (ite (< a 0) (- a) a))
(define-fun mul_div ((a Int) (b Int) (c Int) (round_up Bool)) Int
  (let ((negative (not (= (< a 0) (< b 0))))
        (product (* (magnitude a) (magnitude b))))
    (let ((away (and (not (= (mod product c) 0)) (not (= negative round_up)))))
      (let ((size (+ (div product c) (ite away 1 0))))
        (ite negative (- size) size)))))

(define-fun fits ((a Int)) Bool (and (<= int128_min a) (<= a int128_max)))
(define-fun two32 () Int 4294967296)
(define-fun two64 () Int 18446744073709551616)
(define-fun two95 () Int 39614081257132168796771975168)
(define-fun two96 () Int 79228162514264337593543950336)
(define-fun shift32 ((a Int)) Int (div a two32))
(define-fun least ((a Int) (b Int)) Int (ite (< b a) b a))
(define-fun most ((a Int) (b Int)) Int (ite (< a b) b a))
(define-fun clamped ((a Int) (low Int) (high Int)) Int
  (ite (< a low) low (ite (> a high) high a)))
